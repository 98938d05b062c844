import type { Config } from '../../pipeline/config/schema.js';
import type { FusionMethod } from '../methods/method.js';

/** What holds for the joint training of one method. */
export interface JointSettings {
  /** Whether every part learns from its own loss only (method.md 4.5). */
  readonly detach: boolean;
  readonly mil: Config['mil'];
  readonly align: Config['align'];
}

/**
 * Settings of a method under the joint schedule: rows of Table 3 are attached whatever the experiment says, pooling rows
 * and MDLM have keys of their own (method.md 8.3, 8.5, 8.9), and rows with alignment or drop may add the instance loss
 * once more (4.2). Opens a method's own section only for the methods that have it.
 */
export function jointSettings(method: FusionMethod, config: Config): JointSettings {
  const { mil, align } = config;
  const again = method.embedding !== 'projected' || method.randomDrop ? mil.wInstAgain : 0;
  const settings = { mil: { ...mil, wInst: mil.wInst + again }, align };
  if (method.section !== 'pool') return { ...settings, detach: isDetached(method, config) };
  const { imageLoss, tauSv, tauPd, lambdaPD } = config.pool;
  return {
    detach: isDetached(method, config),
    mil: imageLoss ? settings.mil : { ...mil, wBag: 0, wInst: 0 },
    align: {
      ...align,
      tauSv: tauSv ?? align.tauSv,
      tauPd: tauPd ?? align.tauPd,
      lambdaPD: lambdaPD ?? align.lambdaPD,
    },
  };
}

/** Whether every part of a method learns from its own loss only: by the row, the experiment, then the method's own key. */
export function isDetached(
  { attached, section }: Pick<FusionMethod, 'attached' | 'section'>,
  config: Pick<Config, 'detach' | 'pool' | 'mdlm'>,
): boolean {
  if (attached === true || !config.detach) return false;
  return section === undefined || config[section].detach;
}
