"""Plot the number of images per class of training and test set (Figure 1 of the paper).

    python tools/analysis_tools/class_distribution.py configs/convcut_ferplus.py
    python tools/analysis_tools/class_distribution.py configs/convcut_rafdb.py \\
        configs/convcut_ferplus.py --names RAF-DB FERPlus

The part of the training split that the configs hold out for validation counts as training.
"""

from convcut import run_tool, start_up
from convcut_mm.cli.figure_options import announce, new_parser
from convcut_mm.errors import ConvcutError


def main() -> None:
    parser = new_parser(__doc__, 'class_distribution')
    parser.add_argument('config', nargs='+', help='config files, one panel each')
    parser.add_argument(
        '--names', nargs='+', metavar='NAME', help='title of each panel (default: the data set)'
    )
    args = parser.parse_args()
    with start_up():
        from convcut_mm.utils.plotting import save
        from convcut_mm.visualization.class_distribution import (
            class_distribution,
            plot_class_distribution,
        )
    names = args.names or [None] * len(args.config)
    if len(names) != len(args.config):
        raise ConvcutError(
            f'--names: {len(names)} names for {len(args.config)} configs; give one for each'
        )
    distributions = [
        class_distribution(config, name, args.cfg_options)
        for config, name in zip(args.config, names)
    ]
    for item in distributions:
        for split, counts in item.counts.items():
            numbers = ', '.join(
                f'{name} {count:,}' for name, count in zip(item.classes, counts.tolist())
            )
            print(f'{item.name}, {split}: {counts.sum():,} images: {numbers}')
    announce(save(plot_class_distribution(distributions), args.out))


if __name__ == '__main__':
    run_tool(main)
