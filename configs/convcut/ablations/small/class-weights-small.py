# Balanced class weights in the loss, as released.
_base_ = ['convcut-small.py']
custom_hooks = [dict(type='BalancedClassWeightHook')]
