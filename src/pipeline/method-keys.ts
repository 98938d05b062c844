import type { FusionMethod } from '../operators/methods/method.js';
import { hasFusionNetwork, methodOf } from '../operators/methods/registry.js';
import { frozenLossKeys, hazardKeys } from './config/survival-schema.js';
import type { Alignment } from './core/alignment.js';
import type { ConfigPath } from './stage.js';

/** The parts of an experiment that the training of a method depends on. `stages.ts` combines them. */

/** The config sections that the head of a method depends on. */
export function sectionsOf(id = ''): readonly ConfigPath[] {
  const method = methodOf(id);
  switch (method.kind) {
    case 'bag':
      return [];
    case 'classic':
      return method.outcome === 'timeToEvent' ? frozenLossKeys : ['robustness'];
    case 'single':
      return ['single', 'tabular.transfer', 'align.width', ...frozenLossKeys];
    case 'instances':
      return ['fusion.logits', 'mfmf'];
    case 'fusion':
      return [
        ...fusionKeys(method),
        'robustness',
        'tabular.transfer',
        'align.width',
        'mil.transfer',
        ...frozenLossKeys,
        ...(method.section === undefined ? [] : [method.section]),
      ];
  }
}

/** The keys of `fusion` that a method uses. A change of any other key of `fusion` does not train the method again. */
const fusionKeys = (method: FusionMethod): readonly ConfigPath[] => [
  'fusion.logits',
  'fusion.ensemble',
  ...(method.embedding === 'projected' ? (['fusion.projection'] as const) : []),
  ...(hasFusionNetwork(method) ? (['fusion.hidden', 'fusion.activation', 'fusion.dropout'] as const) : []),
  ...(method.randomDrop ? (['fusion.lambdaMoFe', 'fusion.mofeStopGradReduced'] as const) : []),
];

/**
 * Methods over all modalities depend on the order of the modalities. Other methods depend on their inputs only, so
 * adding a modality does not train them again.
 */
export const slotKeys = (id = ''): readonly ConfigPath[] =>
  methodOf(id).kind === 'fusion' && methodOf(id).reads === 'all' ? ['modalities'] : [];

/**
 * The config keys that an alignment depends on. The signed alignment has its own settings in place of those of the
 * singular-value loss.
 */
export function alignmentKeys(alignment: Alignment): readonly ConfigPath[] {
  switch (alignment) {
    case 'svd':
      return ['align'];
    case 'clip':
      return ['align', 'clip'];
    case 'signed':
      return [
        ...(['hidden', 'width', 'activation', 'weight', 'monitor'] as const).map(
          (key) => `align.${key}` as const,
        ),
        'signed',
      ];
  }
}

/** The keys that decide which loss networks are trained with. */
export const outcomeKeys = ['data.outcome.kind', ...hazardKeys] as const;

/** The keys of the training protocol. Empty for a classical model, which is fitted in one step without epochs. */
export const trainKeys = (id = ''): readonly ConfigPath[] =>
  methodOf(id).kind === 'classic' ? [] : ['train'];

/** The keys, besides those of the training protocol, that joint training of a method depends on. */
export function jointKeys(id = ''): readonly ConfigPath[] {
  const method = methodOf(id);
  const own = sectionsOf(id).filter((path) => !/^(align|mil|survival)\./.test(path));
  if (method.kind !== 'fusion') return ['bag', ...own];
  const { embedding } = method;
  return [
    ...(['bag', 'mil', 'detach'] as const),
    ...(embedding === 'projected' ? (['align.width'] as const) : alignmentKeys(embedding)),
    ...own,
  ];
}
