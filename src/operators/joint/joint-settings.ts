import type { Config } from '../../pipeline/config/schema.js';
import type { FusionMethod } from '../methods/method.js';

/** Settings for the joint training of one method. */
export interface JointSettings {
  /** Whether every part learns only from its own loss (method.md 4.5). */
  readonly detach: boolean;
  readonly mil: Config['mil'];
  readonly align: Config['align'];
}

/**
 * Settings of a method under the joint schedule (method.md 8.3, 8.5, 8.9). The methods of the paper's Table 3 always
 * train without detachment, even if the experiment sets `detach`. Pooling methods and MDLM have a config section of
 * their own, which is read only for these methods. In methods with alignment or random drop, the instance loss may be
 * added a second time (`mil.wInstAgain`, method.md 4.2).
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

/**
 * Whether every part of a method learns only from its own loss: false if the method is attached, if `detach` of the
 * experiment is false, or if `detach` of the method's own section is false.
 */
export function isDetached(
  { attached, section }: Pick<FusionMethod, 'attached' | 'section'>,
  config: Pick<Config, 'detach' | 'pool' | 'mdlm'>,
): boolean {
  if (attached === true || !config.detach) return false;
  return section === undefined || config[section].detach;
}
