// A file that is no image, or too large, gets a sentence of the page's own, not Gradio's.
(() => {
    const mostBytes = Number(document.querySelector('meta[name="cc-most-bytes"]').content);
    const refuse = (event, files) => {
        const wrong = [...(files || [])].find(
            (file) => !file.type.startsWith('image/') || file.size > mostBytes);
        const box = document.querySelector('#refused textarea, #refused input');
        if (!wrong || !box) return;
        event.stopImmediatePropagation();
        event.preventDefault();
        // with the time, the same file twice is two events
        box.value = `${wrong.name}\n${wrong.size}\n${Date.now()}`;
        box.dispatchEvent(new Event('input', { bubbles: true }));
    };
    // on the way down: before Gradio's own listeners
    document.addEventListener('change', (event) => refuse(event, event.target.files), true);
    document.addEventListener('drop', (event) => refuse(event, event.dataTransfer.files), true);
})();
