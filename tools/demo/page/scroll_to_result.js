// On a phone the result stands below the photo and the options.
() => {
    const result = document.querySelector('#result');
    if (window.innerWidth < 700 && !result.querySelector('.cc-welcome'))
        result.scrollIntoView({ behavior: 'smooth' });
}
