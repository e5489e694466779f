# Every class is sampled equally often.
_base_ = ['convcut-small.py']
train_dataloader = dict(sampler=dict(_delete_=True, type='ClassBalancedSampler'))
