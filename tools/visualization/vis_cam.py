"""Plot Grad-CAMs of up to four models on a face of each class (Figure 5 of the paper).

    python tools/visualization/vis_cam.py --model baseline CONFIG CHECKPOINT \\
        --model Conv-cut CONFIG CHECKPOINT
    python tools/visualization/vis_cam.py --model Conv-cut CONFIG CHECKPOINT --seed 7
    python tools/visualization/vis_cam.py --model Conv-cut CONFIG CHECKPOINT --images A.png B.png

The header of each face is its true class; the captions are each model's prediction.
"""

from convcut import run_tool, start_up
from convcut_mm.cli.figure_options import (
    add_faces,
    add_models,
    announce,
    load_models,
    new_parser,
    one_for_each,
)


def main() -> None:
    parser = new_parser(__doc__, 'grad_cam')
    add_models(parser)
    add_faces(parser)
    parser.add_argument(
        '--target-layer',
        nargs='+',
        default=[None],
        metavar='LAYER',
        help='layer whose map is explained, such as backbone.stages.2 or neck.convs.0, one for '
        "all models or one for each (default: the neck's norm if it comes first, else the "
        "last block of the backbone's last stage)",
    )
    parser.add_argument(
        '--target',
        choices=['answer', 'true'],
        default='answer',
        help="class to explain: the predicted one ('answer', the default) or the true one",
    )
    args = parser.parse_args()
    with start_up():
        from convcut_mm.utils.plotting import save
        from convcut_mm.visualization.grad_cam import grad_cam, plot_grad_cam
        from convcut_mm.visualization.sampling import choose_images
    models = load_models(args)
    layers = one_for_each(args.target_layer, models, '--target-layer')
    images = choose_images(models[0], args.per_class, args.seed, args.images)
    explanations = [
        [grad_cam(model, image, layer, args.target) for image in images]
        for model, layer in zip(models, layers)
    ]
    announce(save(plot_grad_cam(images, models, explanations, args.target), args.out))


if __name__ == '__main__':
    run_tool(main)
