"""Describe where a ConvNeXt is cut: which of its blocks and parameters are kept."""

from collections.abc import Sequence

from ...errors import ConvcutError


class ConvNeXtCut:
    """A cut through a ConvNeXt after a stage, after a block, or inside a block.

    Args:
        depths (Sequence[int]): Number of blocks in each stage of the full network.
        num_stages (int): Number of stages to keep.
        num_blocks (int, optional): Number of whole blocks to keep of the last stage. Defaults to
            None: all of them.
        half_block (bool): Keep also the depthwise convolution and norm of the next block. Defaults
            to False.

    Raises:
        ConvcutError: The full network has no such stage or block.
    """

    def __init__(
        self,
        depths: Sequence[int],
        num_stages: int,
        num_blocks: int | None = None,
        half_block: bool = False,
    ) -> None:
        if not 1 <= num_stages <= len(depths):
            raise ConvcutError(
                f'num_stages={num_stages}: expected 1 to {len(depths)}, the stages of this arch'
            )
        depth = depths[num_stages - 1]
        num_blocks = depth if num_blocks is None else num_blocks
        least = 0 if half_block else 1
        most = depth - 1 if half_block else depth
        if not least <= num_blocks <= most:
            raise ConvcutError(
                f'num_blocks={num_blocks} with half_block={half_block}: expected {least} to '
                f'{most}, stage {num_stages} of this arch has {depth} blocks'
            )
        self.depths = tuple(depths)
        self.num_stages = num_stages
        self.num_blocks = num_blocks
        self.half_block = half_block

    @property
    def kept_depths(self) -> list[int]:
        """Number of whole blocks in each kept stage."""
        return [*self.depths[: self.num_stages - 1], self.num_blocks]

    def removes(self, name: str) -> bool:
        """Tell whether a parameter of the full network is cut off; all output norms are.

        Args:
            name (str): Name in mmpretrain's ConvNeXt, such as 'stages.2.23.gamma', 'norm3.weight'.
        """
        part, _, rest = name.partition('.')
        if part in [f'norm{stage}' for stage in range(len(self.depths))]:
            return True
        stage, _, rest = rest.partition('.')
        if part not in ('stages', 'downsample_layers') or not stage.isdigit():
            return False
        last = self.num_stages - 1
        if part == 'downsample_layers' or int(stage) != last:
            return last < int(stage) < len(self.depths)
        block, _, layer = rest.partition('.')
        if self.half_block and block == str(self.num_blocks):
            return not layer.startswith(('depthwise_conv.', 'norm.'))
        return block.isdigit() and self.num_blocks <= int(block) < self.depths[last]
