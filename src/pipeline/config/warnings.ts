import { missingFor } from '../../operators/methods/method.js';
import { methodOf } from '../../operators/methods/registry.js';
import { nearest } from '../core/suggest.js';
import type { Config } from './schema.js';
import { methodSettings, slotsOf } from './slots.js';

/** Warnings about legal settings that are most likely a mistake. */
export function configWarnings(config: Config): readonly string[] {
  const { train, methods: asked } = config;
  const slots = slotsOf(config);
  const warnings = asked.flatMap((id) => {
    const reason = missingFor(methodOf(id), slots, methodSettings(config));
    if (reason === null) return [];
    const [family, name] = /^(mil|table)-(.*)/.exec(id)?.slice(1) ?? [];
    const others = slots
      .filter(({ kind }) => kind === (family === 'mil' ? 'bag' : 'table'))
      .map((slot) => slot.id);
    const meant = name === undefined ? null : nearest(name, others);
    const hint = meant === null ? '' : ` Did you mean "${family}-${meant}"?`;
    return [`Method "${id}" is skipped: it ${reason}.${hint}`];
  });
  if (train.plateauPatience >= train.patience)
    warnings.push(
      `train.plateauPatience (${train.plateauPatience}) is not below train.patience (${train.patience}): training stops before the learning rate ever drops.`,
    );
  if (train.patience >= train.epochs)
    warnings.push(
      `train.patience (${train.patience}) is not below train.epochs (${train.epochs}): early stopping never happens.`,
    );
  return warnings;
}
