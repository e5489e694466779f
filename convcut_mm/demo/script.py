"""The page's script: a file that is no image gets a sentence instead of Gradio's terms."""

REFUSED = 'refused'  # id of the hidden text box that takes the file's name
# on a phone the answer stands below the photo and the options
TO_RESULT = """() => {
    const result = document.querySelector('#result');
    if (window.innerWidth < 700 && !result.querySelector('.cc-welcome'))
        result.scrollIntoView({ behavior: 'smooth' });
}"""
HEAD = f"""<script>
(() => {{
    const refuse = (event, files) => {{
        const wrong = [...(files || [])].find((file) => !file.type.startsWith('image/'));
        const box = document.querySelector('#{REFUSED} textarea, #{REFUSED} input');
        if (!wrong || !box) return;
        event.stopImmediatePropagation();
        event.preventDefault();
        box.value = `${{wrong.name}}\\n${{Date.now()}}`;  // the same file twice is two events
        box.dispatchEvent(new Event('input', {{ bubbles: true }}));
    }};
    // on the way down: before Gradio's own listeners
    document.addEventListener('change', (event) => refuse(event, event.target.files), true);
    document.addEventListener('drop', (event) => refuse(event, event.dataTransfer.files), true);
}})();
</script>"""
