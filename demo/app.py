"""A web page that names the expressions of the faces in a photo.

    python demo/app.py                                          # then open http://127.0.0.1:7860
    python demo/app.py --model NAME CONFIG CHECKPOINT           # a model of one's own beside them

Photos stay on this machine, and the page fetches nothing from elsewhere; see docs/demo.md.
"""

import argparse
import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Optional

from convcut_mm import zoo
from convcut_mm.apis import ExpressionInferencer
from convcut_mm.apis.detectors import DETECTORS
from convcut_mm.demo import markup
from convcut_mm.demo.offline import SelfContained
from convcut_mm.demo.photo import MOST_BYTES, look_at, no_image
from convcut_mm.demo.script import HEAD as SCRIPT
from convcut_mm.demo.script import REFUSED, TO_RESULT
from convcut_mm.demo.style import CSS
from convcut_mm.errors import ConvcutError
from convcut_mm.utils import tool
from convcut_mm.utils.parser import ToolParser

# before gradio is imported: no statistics, no look-up of newer versions
os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'
HEAD = """<div class="cc-head"><h1>What does this face express?</h1>
<p>Conv-cut looks at each face of a photo and says which expression most people would name.</p>
</div>"""
FOOT = f"""<div class="cc-foot"><p>An expression is not a feeling, and the model errs: it was
trained on faces about which people disagree too. Photos, up to {MOST_BYTES // 2**20} MB, go to the
machine that runs this page and nowhere else, and are deleted there after an hour.</p></div>"""
HOUR = 3600  # seconds


class Models:
    """The models to choose from, loaded when they are first asked for.

    Args:
        args (argparse.Namespace): The command's options.

    Raises:
        ConvcutError: No model has weights.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.sources = {name: (name, True) for name in zoo.models(with_weights=True)}
        self.sources.update({name: (config, file) for name, config, file in args.model or ()})
        if not self.sources:
            raise ConvcutError(
                'no model comes with weights; give one by --model NAME CONFIG CHECKPOINT'
            )
        self.options = dict(
            device=args.device, detector=args.detector, detector_model=args.detector_model
        )
        self.load = lru_cache(maxsize=None)(self._load)

    def _load(self, name: str) -> ExpressionInferencer:
        model, pretrained = self.sources[name]
        return ExpressionInferencer(model, pretrained, **self.options)


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
        '--detector', choices=DETECTORS, default='cascade', help='finds faces (default: cascade)'
    )
    parser.add_argument('--detector-model', metavar='FILE', help="yunet's model file")
    parser.add_argument('--device', help='where the models compute; a GPU if there is one')
    parser.add_argument('--host', default='127.0.0.1', help='0.0.0.0 for other machines too')
    parser.add_argument('--port', type=int, default=7860, help='default: %(default)s')
    return parser.parse_args()


def example_photos() -> list:
    """Photos that come with scikit-image: a face, and a cat for what happens without one."""
    from skimage import data

    folder = Path(data.__file__).parent
    return [str(folder / name) for name in ('astronaut.png', 'chelsea.png')
            if (folder / name).is_file()]  # fmt: skip


def build(models: Models, gr):
    """The page.

    Args:
        models (Models): The models to choose from.
        gr: The module gradio.

    Returns:
        gr.Blocks: To be launched.
    """

    def respond(path: Optional[str], name: str, with_heat: bool):
        if path is None:
            return markup.WELCOME
        try:
            return markup.answer(look_at(models.load(name), path, with_heat))
        except ConvcutError as error:
            return markup.note(str(error))

    def refuse(name_and_time: str) -> str:
        return markup.note(str(no_image(name_and_time.rpartition('\n')[0])))

    names = list(models.sources)
    with gr.Blocks(
        title='Conv-cut: facial expressions',
        analytics_enabled=False,
        delete_cache=(HOUR, HOUR),
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
                heat = gr.Checkbox(
                    label='Show where the model looks', elem_id='heat', container=False
                )
                model = gr.Dropdown(names, value=names[0], label='Model', elem_id='model')
                gr.Examples(example_photos(), photo, label='Examples', cache_examples=False)
            with gr.Column(scale=3, min_width=300):
                result = gr.HTML(markup.WELCOME, elem_id='result', padding=False)
        refused = gr.Textbox(elem_id=REFUSED, visible='hidden')
        gr.HTML(FOOT, padding=False)
        # one listener: two requests at once would mix the hooks of Grad-CAM
        gr.on(
            [photo.change, heat.change, model.change], respond, [photo, model, heat], result,
            show_progress='minimal', api_visibility='private',
        ).then(None, js=TO_RESULT)  # fmt: skip
        refused.change(refuse, refused, result, api_visibility='private')
    return page


def main() -> None:
    args = parse_args()
    models = Models(args)
    models.load(next(iter(models.sources)))  # a mistake is told now, not on the page
    try:
        import gradio as gr
        from starlette.middleware import Middleware
    except ImportError:
        raise ConvcutError('the page needs gradio: pip install "convcut_mm[demo]"') from None
    print(f'open http://{args.host}:{args.port}', file=sys.stderr, flush=True)
    fonts = dict(font=['system-ui', 'sans-serif'], font_mono=['monospace'])
    try:
        build(models, gr).launch(
            server_name=args.host,
            server_port=args.port,
            theme=gr.themes.Soft(primary_hue='blue', **fonts),  # the default fetches its fonts
            css=CSS,
            head=SCRIPT,
            app_kwargs=dict(middleware=[Middleware(SelfContained)]),
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
    tool.run_tool(main)
