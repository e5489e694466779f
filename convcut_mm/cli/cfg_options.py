"""The option ``--cfg-options KEY=VALUE ...``."""

from mmengine.config import DictAction


class CfgOptions(DictAction):
    """``KEY=VALUE`` pairs; mmengine's action raises a traceback for a word without "="."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        """Parse the pairs."""
        wrong = [word for word in values if not word.partition('=')[1]]
        if wrong:
            parser.error(f'{option_string}: {wrong[0]}: expected KEY=VALUE')
        super().__call__(parser, namespace, values, option_string)
