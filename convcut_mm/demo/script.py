"""The page's script: a file that is no image, or too large, gets a sentence of ours."""

from .photo import MOST_BYTES

REFUSED = 'refused'  # id of the hidden text box that takes the file's name and size
# on a phone the answer stands below the photo and the options
TO_RESULT = """() => {
    const result = document.querySelector('#result');
    if (window.innerWidth < 700 && !result.querySelector('.cc-welcome'))
        result.scrollIntoView({ behavior: 'smooth' });
}"""
HEAD = f"""<script>
(() => {{
    const refuse = (event, files) => {{
        const wrong = [...(files || [])].find(
            (file) => !file.type.startsWith('image/') || file.size > {MOST_BYTES});
        const box = document.querySelector('#{REFUSED} textarea, #{REFUSED} input');
        if (!wrong || !box) return;
        event.stopImmediatePropagation();
        event.preventDefault();
        // with the time, the same file twice is two events
        box.value = `${{wrong.name}}\\n${{wrong.size}}\\n${{Date.now()}}`;
        box.dispatchEvent(new Event('input', {{ bubbles: true }}));
    }};
    // on the way down: before Gradio's own listeners
    document.addEventListener('change', (event) => refuse(event, event.target.files), true);
    document.addEventListener('drop', (event) => refuse(event, event.dataTransfer.files), true);
}})();
</script>"""
