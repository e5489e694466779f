"""The page in a real browser: a face, its bars, its heat map, and what cannot be answered."""

import json
import shutil
import time
import urllib.request
from pathlib import Path

import pytest

CHROMIUM, DRIVER = shutil.which('chromium'), shutil.which('chromedriver')
WAIT = 30  # seconds for an answer


@pytest.fixture(scope='module')
def browser(page):
    """A headless Chromium that shows the page."""
    pytest.importorskip('selenium')
    if CHROMIUM is None or DRIVER is None:
        pytest.skip('needs chromium and chromium-driver')
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for option in ('--headless=new', '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'):
        options.add_argument(option)
    options.add_argument('--window-size=1280,1000')
    options.set_capability('goog:loggingPrefs', {'performance': 'ALL'})
    with_driver = webdriver.ChromeService(executable_path=DRIVER)
    driver = webdriver.Chrome(options=options, service=with_driver)
    try:
        driver.get(page)
        yield driver
    finally:
        driver.quit()


class Page:
    """What a visitor does and sees."""

    def __init__(self, driver) -> None:
        self.driver = driver

    def find(self, selector: str) -> list:
        return self.driver.find_elements('css selector', selector)

    def wait(self, selector: str, text: str = ''):
        """The first such element that holds the text."""
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            for element in self.find(selector):
                try:
                    if text in element.text:
                        return element
                except Exception:  # replaced at this moment
                    pass
            time.sleep(0.05)
        raise AssertionError(f'no {selector} with "{text}": {self.find("#result")[0].text}')

    def reload(self) -> None:
        self.driver.refresh()
        self.wait('#result .cc-welcome')

    def upload(self, path: Path) -> None:
        self.wait('#photo input[type=file]')
        (upload,) = self.find('#photo input[type=file]')
        upload.send_keys(str(path))

    def log(self) -> list:
        return self.driver.get_log('performance')


@pytest.fixture
def visitor(browser) -> Page:
    visitor = Page(browser)
    visitor.wait('#result .cc-welcome, #result .cc-photo, #result .cc-note')
    return visitor


def test_astronaut(visitor, photos):
    from convcut_mm.datasets import FERPlus

    visitor.reload()
    visitor.upload(photos['astronaut'])
    # of the weights that come with the package
    assert visitor.wait('.cc-expression').text == 'happiness'
    names = [element.text for element in visitor.find('.cc-name')]
    assert sorted(names) == sorted(FERPlus.METAINFO['classes']) and names[0] == 'happiness'
    values = [element.text for element in visitor.find('.cc-value')]
    numbers = [0.5 if value == '< 1 %' else float(value.split()[0]) for value in values]
    assert numbers == sorted(numbers, reverse=True) and 95 < sum(numbers) < 105
    widths = [element.size['width'] for element in visitor.find('.cc-track span')]
    track = visitor.find('.cc-track')[0].size['width']
    assert widths[0] == pytest.approx(track * numbers[0] / 100, abs=0.02 * track)
    assert visitor.find('.cc-box')[0].size['width'] > 30
    # the switch brings the heat map, and takes it away
    assert not visitor.find('.cc-heat')
    (switch,) = visitor.find('#heat input')
    switch.click()
    heat = visitor.wait('.cc-heat img')
    assert heat.size['width'] > 80 and int(heat.get_property('naturalWidth')) == 224
    switch.click()
    end = time.monotonic() + WAIT
    while visitor.find('.cc-heat') and time.monotonic() < end:
        time.sleep(0.05)
    assert not visitor.find('.cc-heat') and visitor.find('.cc-expression')


def test_example(visitor):
    visitor.reload()
    visitor.wait('.gallery-item').click()
    visitor.wait('.cc-expression')


@pytest.mark.parametrize(
    'name, message',
    [
        ('wall', 'No face was found in this photo.'),
        ('notes', 'notes.txt cannot be read as an image.'),
        ('huge', 'huge.png has 20 MB, and this page takes up to 10 MB.'),
    ],
)
def test_plain_messages(visitor, photos, name, message):
    visitor.reload()
    visitor.upload(photos[name])
    visitor.wait('#result .cc-problem', message)
    assert not visitor.find('.cc-expression')
    assert not visitor.find('.toast-body')  # no second, vaguer message


def test_the_same_wrong_file_again(visitor, photos):
    visitor.reload()
    for _ in range(2):
        visitor.upload(photos['notes'])
        visitor.wait('#result .cc-problem', 'notes.txt cannot be read as an image.')
        visitor.wait('.gallery-item').click()
        visitor.wait('.cc-expression')
        visitor.find('#photo button[aria-label*="lear"], #photo button[title*="emove"]')[0].click()
        visitor.wait('#result .cc-welcome')


def test_nothing_is_fetched_from_elsewhere(visitor, page):
    """All that the browser asked for since it started."""
    entries = [json.loads(entry['message'])['message'] for entry in visitor.log()]
    asked = [
        entry['params']['request']['url']
        for entry in entries
        if entry['method'] == 'Network.requestWillBeSent'
    ]
    assert any(url.startswith(f'{page}/') for url in asked)
    assert not [url for url in asked if url.startswith('http') and not url.startswith(page)]
    with urllib.request.urlopen(page) as answer:
        assert b'<link rel="preconnect"' not in answer.read()


def test_phone(visitor, photos):
    """Nothing is wider than the screen, and the result comes into sight, a refusal too."""
    script = visitor.driver.execute_script
    visitor.driver.execute_cdp_cmd(
        'Emulation.setDeviceMetricsOverride',
        dict(width=390, height=844, deviceScaleFactor=1, mobile=True),
    )
    for name, result in (('two', '.cc-expression'), ('notes', '.cc-problem')):
        visitor.reload()
        visitor.upload(photos[name])
        visitor.wait(result)
        assert script('return document.documentElement.scrollWidth') == 390
        where = 'return document.querySelector("#result").getBoundingClientRect()'
        end = time.monotonic() + WAIT
        # at the top, or as near as the page's end allows
        lowest = 'return window.innerHeight + window.scrollY - document.body.scrollHeight'
        while script(f'{where}.top') > 100 and script(lowest) < -1 and time.monotonic() < end:
            time.sleep(0.05)
        assert script(f'{where}.top') > -100 and script(f'{where}.bottom') > 100
        assert script(f'{where}.top') <= 100 or script(lowest) >= -1
