"""Serve a web page that names the expressions of the faces in a photo.

    python tools/demo/app.py                                    # then open http://127.0.0.1:7860
    python tools/demo/app.py --model NAME CONFIG CHECKPOINT     # offer a model of your own, too

Photos stay on this machine, and the page fetches nothing from elsewhere; see docs/demo.md.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from page_parts import markup
from page_parts.limits import Limits
from page_parts.models import Models
from page_parts.offline import SelfContained
from page_parts.photo import MOST_BYTES, MOST_PIXELS, classify_photo, no_image, too_large
from page_parts.uploads import Uploads, no_urls, own_folder

from convcut_mm.apis.detectors import DEFAULT_DETECTOR, DETECTORS
from convcut_mm.cli.parser import ToolParser
from convcut_mm.cli.run import run_tool
from convcut_mm.errors import ConvcutError

# before gradio is imported: no statistics, no look-up of newer versions
os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'
STATIC = Path(__file__).resolve().parent / 'page'  # style sheet and scripts
HEAD = """<div class="cc-head"><h1>What does this face express?</h1>
<p>A model looks at each face of a photo and says which expression most people would name.</p>
</div>"""
FOOT = f"""<div class="cc-foot">
<p>An expression is not a feeling, and the model makes mistakes: even people disagree about many of
the faces that it was trained on. Photos, up to {MOST_BYTES // 2**20} MB and
{MOST_PIXELS // 10**6} megapixels, go to the machine that runs this page and nowhere else. They are
deleted there when you choose another one or leave, after an hour at the latest.</p>
</div>"""
OFTEN, HOUR = 300, 3600  # seconds
AT_ONCE, WAITING = 3, 30  # photos that are classified side by side, and that wait


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument(
        '--model',
        nargs=3,
        action='append',
        metavar=('NAME', 'CONFIG', 'CHECKPOINT'),
        help='a model to choose from, besides those that come with weights; may be repeated',
    )
    parser.add_argument(
        '--detector',
        choices=DETECTORS,
        default=DEFAULT_DETECTOR,
        help='finds faces (default: %(default)s)',
    )
    parser.add_argument('--detector-model', metavar='FILE', help="yunet's model file")
    parser.add_argument('--device', help='where the models compute; a GPU if there is one')
    parser.add_argument('--host', default='127.0.0.1', help='0.0.0.0 for other machines too')
    parser.add_argument('--port', type=int, default=7860, help='default: %(default)s')
    return parser.parse_args()


def head() -> str:
    """Return what is added to the HTML head: the script that refuses files, and its limit."""
    script = (STATIC / 'refuse_files.js').read_text()
    return f'<meta name="cc-most-bytes" content="{MOST_BYTES}"><script>{script}</script>'


def example_photos() -> list[str]:
    """List photos that come with scikit-image: a face, and a cat, in which none is found."""
    from skimage import data

    folder = Path(data.__file__).parent
    return [str(folder / name) for name in ('astronaut.png', 'chelsea.png')
            if (folder / name).is_file()]  # fmt: skip


def build(models: Models, gr, folder: Path):
    """Build the page.

    Args:
        models (Models): The models to choose from.
        gr: The module gradio.
        folder (Path): Where gradio keeps uploads.

    Returns:
        gr.Blocks: To be launched.
    """

    def respond(path: str | None, name: str, with_heat: bool, request: gr.Request):
        if path is None:
            uploads.leave(request.session_hash)
            return markup.WELCOME
        try:
            path = uploads.take(request.session_hash, path)
            return markup.result(classify_photo(models.load(name), path, with_heat))
        except ConvcutError as error:
            return markup.note(str(error))

    def leave(request: gr.Request) -> None:
        uploads.leave(request.session_hash)

    def refuse(file: str) -> str:
        name, size, _ = file.rsplit('\n', 2)
        large = size.isdecimal() and int(size[:15]) > MOST_BYTES
        return markup.note(str(too_large(name, int(size[:15])) if large else no_image(name)))

    scroll = (STATIC / 'scroll_to_result.js').read_text()
    with gr.Blocks(
        title='Facial expressions',
        analytics_enabled=False,
        delete_cache=(OFTEN, HOUR),
        fill_width=True,
    ) as page:
        gr.HTML(HEAD, padding=False)
        with gr.Row(equal_height=False):
            with gr.Column(scale=2, min_width=300):
                photo = gr.Image(
                    label='Photo', sources=['upload', 'webcam', 'clipboard'], type='filepath',
                    height=320, elem_id='photo',
                )  # fmt: skip
                # Gradio's own reading of files that are no images says only 'Error'
                photo.preprocess = lambda payload: None if payload is None else payload.path
                photo.async_move_resource_to_block_cache = no_urls(
                    photo.async_move_resource_to_block_cache
                )
                heat = gr.Checkbox(
                    label='Show where the model looks', elem_id='heat', container=False
                )
                model = gr.Dropdown(
                    models.names, value=models.names[0], label='Model', elem_id='model'
                )
                gr.Examples(example_photos(), photo, label='Examples', cache_examples=False)
            with gr.Column(scale=3, min_width=300):
                result = gr.HTML(markup.WELCOME, elem_id='result', padding=False)
        refused = gr.Textbox(elem_id='refused', visible='hidden')  # refuse_files.js fills it
        gr.HTML(FOOT, padding=False)
        # before visitors come: examples only
        uploads = Uploads(folder)
        page.unload(leave)
        gr.on(
            [photo.change, heat.change, model.change], respond, [photo, model, heat], result,
            show_progress='minimal', api_visibility='private', concurrency_limit=AT_ONCE,
        ).then(None, js=scroll)  # fmt: skip
        refused.change(refuse, refused, result, api_visibility='private').then(None, js=scroll)
    return page


def main() -> None:
    args = parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and leave nothing behind
    with own_folder() as folder:
        serve(args, folder)


def serve(args: argparse.Namespace, folder: Path) -> None:
    """Serve the page until it is interrupted; the folder holds the uploads meanwhile."""
    models = Models(
        args.model or (),
        device=args.device,
        detector=args.detector,
        detector_model=args.detector_model,
    )
    models.load(models.names[0])  # a mistake ends the command now, not a visitor's request
    try:
        import gradio as gr
        from starlette.middleware import Middleware
    except ImportError:
        raise ConvcutError('the page needs gradio: pip install "convcut_mm[demo]"') from None
    print(f'open http://{args.host}:{args.port}', file=sys.stderr, flush=True)
    try:
        page = build(models, gr, folder).queue(max_size=WAITING, api_open=False)
        page.launch(
            server_name=args.host,
            server_port=args.port,
            theme=gr.themes.Soft(  # the default fetches its fonts
                primary_hue='blue', font=['system-ui', 'sans-serif'], font_mono=['monospace']
            ),
            css_paths=STATIC / 'style.css',
            head=head(),
            app_kwargs=dict(
                middleware=[Middleware(Limits, most_bytes=MOST_BYTES), Middleware(SelfContained)]
            ),
            max_file_size=MOST_BYTES,
            allowed_paths=[],
            footer_links=[],
            quiet=True,
            ssr_mode=False,  # wants node
            share=False,
        )
    except OSError as error:
        if error.errno is not None:
            raise
        raise ConvcutError(f'--port {args.port}: in use; give another one') from None


if __name__ == '__main__':
    run_tool(main)
