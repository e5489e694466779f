# The same with balanced class weights, as released.
_base_ = ['released.py']
custom_hooks = [dict(type='BalancedClassWeightHook')]
