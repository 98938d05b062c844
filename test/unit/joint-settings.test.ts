import { describe, expect, it } from 'vitest';
import { jointSettings, type JointSettings } from '../../src/operators/joint/joint-settings.js';
import type { FusionMethod } from '../../src/operators/methods/method.js';
import { methodOf } from '../../src/operators/methods/registry.js';
import { resolvedConfig, type Changes } from '../support/resolved-config.js';

const settingsOf = (method: string, changes: Changes = {}): JointSettings =>
  jointSettings(methodOf(method) as FusionMethod, resolvedConfig({ schedule: 'joint', ...changes }));

describe('settings of a method trained jointly', () => {
  it('stop gradients by the row first, then by the experiment, then by the key of the method', () => {
    const detached = (changes: Changes = {}): readonly boolean[] =>
      ['haf', 'haf_attached', 'ga_sum', 'mdlm', 'ps3'].map((method) => settingsOf(method, changes).detach);
    expect(detached()).toEqual([true, false, true, true, true]);
    expect(detached({ detach: false })).toEqual([false, false, false, false, false]);
    expect(detached({ pool: { detach: false } })).toEqual([true, false, false, true, true]);
    expect(detached({ mdlm: { detach: false } })).toEqual([true, false, true, false, true]);
  });

  it('add the instance loss again to rows with alignment or drop', () => {
    const mil = { wInst: 0.1, wInstAgain: 1 };
    const weights = ['haf', 'ga', 'clip', 'drop', 'ga_max', 'all_mlp', 'mdlm', 'wsi_tma_mlp'].map(
      (method) => settingsOf(method, { mil }).mil.wInst,
    );
    expect(weights).toEqual([1.1, 1.1, 1.1, 1.1, 1.1, 0.1, 0.1, 0.1]);
  });

  it('let pooling rows have alignment and image losses of their own, and no other row', () => {
    const pool = { imageLoss: false, tauSv: 0.1, tauPd: 0.05, lambdaPD: 1 };
    const { mil, align } = settingsOf('ga_mean', { pool, mil: { wInstAgain: 1 } });
    expect([mil.wBag, mil.wInst]).toEqual([0, 0]);
    expect(align).toMatchObject({ tauSv: 0.1, tauPd: 0.05, lambdaPD: 1, weight: 1 });
    expect(settingsOf('ga', { pool })).toEqual(settingsOf('ga'));
    expect(settingsOf('ga_mean').align).toEqual(settingsOf('ga').align);
  });
});
