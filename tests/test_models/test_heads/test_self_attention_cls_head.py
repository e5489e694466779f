"""SelfAttentionClsHead equals loops over numbers for each form of the paper's attention."""

import logging
import math

import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample

from convcut_mm import ConvcutError
from convcut_mm.models import SelfAttentionClsHead

ATTENTION_OVER = ['channel', 'spatial', 'batch', None]


def attend(tokens: np.ndarray, scale: float) -> np.ndarray:
    """softmax(s Y Y^T) Y for tokens (T, D), one row at a time."""
    out = np.zeros_like(tokens)
    for i, query in enumerate(tokens):
        logits = [scale * float(np.dot(query, key)) for key in tokens]
        top = max(logits)
        weights = [math.exp(logit - top) for logit in logits]
        out[i] = sum(w * token for w, token in zip(weights, tokens)) / sum(weights)
    return out


def expected_vectors(x: np.ndarray, over) -> np.ndarray:
    """(N, C, H, W) to what enters the classifier, (N, C)."""
    pooled = x.mean(axis=(2, 3))
    channels = x.shape[1]
    if over == 'channel':
        return np.stack([attend(row[:, None], 1.0)[:, 0] for row in pooled])
    if over == 'spatial':
        images = x.reshape(len(x), channels, -1).transpose(0, 2, 1)
        return np.stack([attend(image, channels**-0.5).mean(0) for image in images])
    return attend(pooled, channels**-0.5) if over == 'batch' else pooled


@pytest.mark.parametrize('over', ATTENTION_OVER)
def test_each_form_of_attention(over):
    torch.manual_seed(0)
    head = SelfAttentionClsHead(7, 5, attention=over).eval()
    x = torch.randn(4, 5, 3, 2)
    expected = expected_vectors(x.double().numpy(), over)
    assert np.allclose(head.pre_logits((x,)).numpy(), expected, atol=1e-5)
    logits = head((x,))
    assert isinstance(logits, torch.Tensor) and logits.shape == (4, 7)
    assert torch.allclose(logits, head.fc(torch.tensor(expected).float()), atol=1e-5)


@pytest.mark.parametrize('over', ATTENTION_OVER)
@pytest.mark.parametrize('embedding', [None, 6])
def test_probabilities_depend_on_the_batch_only_with_batch_attention(over, embedding):
    torch.manual_seed(0)
    head = SelfAttentionClsHead(7, 5, embedding=embedding, attention=over).eval()
    x = torch.randn(6, 5, 2, 2)
    whole = head((x,))
    alone = torch.cat([head((image[None],)) for image in x])
    other = head((torch.cat([x[:3], 100 * torch.randn(9, 5, 2, 2)]),))[:3]
    if over == 'batch':
        assert not torch.allclose(whole, alone, atol=1e-3)
        assert not torch.allclose(whole[:3], other, atol=1e-3)
    else:
        assert torch.allclose(whole, alone, atol=1e-5)
        assert torch.allclose(whole[:3], other, atol=1e-5)


def test_batch_attention_with_one_image_is_the_identity():
    head = SelfAttentionClsHead(7, 5, attention='batch').eval()
    x = torch.randn(1, 5, 2, 2)
    assert torch.allclose(head.pre_logits(x), x.mean((2, 3)), atol=1e-6)


@pytest.mark.parametrize(
    'over,shape', [('channel', (4, 5, 5)), ('spatial', (4, 6, 6)), ('batch', (4, 4))]
)
def test_attention_weights(over, shape):
    head = SelfAttentionClsHead(7, 5, attention=over).eval()
    weights = head.attention_weights((torch.randn(4, 5, 3, 2),))
    assert weights.shape == shape
    assert torch.allclose(weights.sum(-1), torch.ones(shape[:-1]), atol=1e-6)


def test_no_attention_has_no_weights():
    with pytest.raises(ConvcutError, match='attention=None'):
        SelfAttentionClsHead(7, 5, attention=None).attention_weights(torch.randn(1, 5, 2, 2))


def test_learnt_scale_gets_a_gradient():
    head = SelfAttentionClsHead(7, 5, attention='batch', attention_scale='learnt')
    assert head.attention.scale.item() == 1
    head(torch.randn(4, 5)).square().sum().backward()
    assert head.attention.scale.grad.abs() > 0


def test_batch_attention_warns():
    from mmengine.logging import MMLogger

    logger = MMLogger.get_current_instance()
    records = []
    handler = logging.Handler(level=logging.WARNING)
    handler.emit = records.append
    logger.addHandler(handler)
    try:
        SelfAttentionClsHead(7, 5, attention='channel')
        assert not records
        SelfAttentionClsHead(7, 5, attention='batch')
    finally:
        logger.removeHandler(handler)
    assert len(records) == 1 and 'other images of its batch' in records[0].getMessage()
    assert records[0].levelno == logging.WARNING


def test_embedding_is_keras_dense_relu_batchnorm():
    torch.manual_seed(0)
    head = SelfAttentionClsHead(7, 5, embedding=6, attention=None)
    x = torch.randn(8, 5)
    y = np.maximum(
        x.numpy() @ head.embedding.fc.weight.detach().numpy().T
        + head.embedding.fc.bias.detach().numpy(),
        0,
    )
    expected = (y - y.mean(0)) / np.sqrt(y.var(0) + 1e-3)
    assert np.allclose(head.train().tokens(x).detach().numpy(), expected, atol=1e-4)
    # Keras' momentum 0.99: the running mean moves by a hundredth
    assert np.allclose(head.embedding.norm.running_mean.numpy(), 0.01 * y.mean(0), atol=1e-6)


@pytest.mark.parametrize('over', ATTENTION_OVER)
def test_loss_and_predict_with_hard_and_soft_labels(over):
    head = SelfAttentionClsHead(3, 5, attention=over)
    feats = (torch.randn(4, 5, 2, 2),)
    hard = [DataSample().set_gt_label(i % 3) for i in range(4)]
    soft = [
        DataSample().set_gt_label(0).set_gt_score(torch.tensor([0.5, 0.3, 0.2])) for _ in range(4)
    ]
    for samples in (hard, soft):
        head.loss(feats, samples)['loss'].backward()
    head.eval()
    for sample in head.predict(feats):
        assert sample.pred_score.sum().item() == pytest.approx(1)


@pytest.mark.parametrize(
    'kwargs,feats,message',
    [
        (dict(attention='local'), None, "attention='local'"),
        (dict(attention_scale='cosine'), None, 'attention_scale'),
        (dict(attention='spatial'), torch.randn(2, 5), 'needs a map'),
        ({}, torch.randn(2, 4, 3, 3), 'head.in_channels'),
        (dict(embedding=6), torch.randn(1, 5), 'drop_last'),
    ],
)
def test_errors(kwargs, feats, message):
    with pytest.raises(ConvcutError, match=message):
        head = SelfAttentionClsHead(7, 5, **kwargs)
        head(feats)
