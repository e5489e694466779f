"""Logs go to stderr; stdout holds results only."""

import logging

from mmengine.logging import MMLogger, print_log

from convcut_mm.utils.logs import warnings_only


def test_mmengine_writes_to_stderr(capsys):
    logger = MMLogger.get_instance('test_logs')
    logger.info('trained')
    print_log('loads a checkpoint')  # without a logger, mmengine prints
    printed = capsys.readouterr()
    assert printed.out == '' and 'trained' in printed.err and 'loads a checkpoint' in printed.err
    (handler,) = logger.handlers
    assert handler.level == logging.INFO
    with warnings_only():
        logger.info('unasked')
        logger.warning('needed')
    logger.info('afterwards')
    printed = capsys.readouterr().err
    assert 'unasked' not in printed and 'needed' in printed and 'afterwards' in printed


def test_other_processes_log_errors_only(monkeypatch, capsys):
    monkeypatch.setattr('mmengine.logging.logger._get_rank', lambda: 1)
    logger = MMLogger.get_instance('test_logs_rank_1')
    logger.info('trained')
    logger.error('broken')
    assert 'broken' in (printed := capsys.readouterr()).err
    assert 'trained' not in printed.err and printed.out == ''


def test_import_prints_nothing(run_command):
    done = run_command('python', '-c', 'import convcut_mm')
    assert done.stdout == done.stderr == ''
