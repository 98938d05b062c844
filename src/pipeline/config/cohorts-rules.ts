import type { ConfigFinding } from './findings.js';
import { listedTwice, type Sections } from './sections.js';

/**
 * Exactly one cohort is used for training. The other cohorts have unique names and are validated with methods of the
 * experiment.
 */
export function cohortsRules({ cohorts = [], methods = [] }: Sections): readonly ConfigFinding[] {
  const isTrain = ({ role }: { readonly role: string }): boolean => role === 'train';
  const names = cohorts.map((one) => (one.role === 'external' ? one.name : null));
  return cohorts.flatMap((one, at): readonly ConfigFinding[] => {
    const path = ['cohorts', at];
    if (one.role === 'train')
      return cohorts.findIndex(isTrain) === at
        ? []
        : [
            {
              path,
              message:
                'only one cohort is used for training; put the files of both into one folder, or give the other one the role external',
            },
          ];
    const twice = names.indexOf(one.name) < at;
    const unknown = one.methods.flatMap((id, k) => (methods.includes(id) ? [] : [{ id, k }]));
    return [
      ...(twice ? [{ path: [...path, 'name'], message: `"${one.name}" is the name of another cohort` }] : []),
      ...listedTwice(['cohorts', String(at), 'methods'], one.methods),
      ...unknown.map(({ id, k }) => ({
        path: [...path, 'methods', k],
        message: `"${id}" is not a method of this experiment (${methods.join(', ')})`,
      })),
    ];
  });
}
