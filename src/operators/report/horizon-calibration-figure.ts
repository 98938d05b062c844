import type { TopLevelSpec } from 'vega-lite';
import { csvLine } from '../../pipeline/core/csv.js';
import { counted } from '../../pipeline/core/wording.js';
import type { HorizonCalibrationGroup, HorizonCalibration } from '../survival/horizon-calibration.js';
import { chartColours, renderChart } from './chart.js';
import { yearsText } from './duration-text.js';
import type { Figure } from './figure.js';
import { threeDigits } from './number-text.js';

type PanelSpec = Extract<TopLevelSpec, { readonly hconcat: unknown }>['hconcat'][number];

/**
 * Calibration of a method at some horizons, one panel each: for groups of test patients, the mean predicted fraction
 * with the event against 1 - Kaplan-Meier with its 95 % interval (method.md 11.5). A horizon at which no group is
 * defined is left out. Null if no horizon is left.
 *
 * @param event the user's word, for example "deceased"
 */
export async function horizonCalibrationFigure(
  method: string,
  title: string,
  event: string,
  calibrations: readonly HorizonCalibration[],
): Promise<Figure | null> {
  const shown = calibrations.filter(({ groups }) => groups.some(({ observed }) => observed.value !== null));
  if (shown.length === 0) return null;
  const horizons = shown.map(({ horizon }) => yearsText(horizon)).join(', ');
  return {
    name: `calibration-${method}`,
    wide: true,
    svg: await renderChart(
      {
        title: {
          text: title,
          subtitle: `share of ${event} by the horizon; observed: 1 − Kaplan-Meier, 95 % interval`,
        },
        hconcat: shown.map(panel),
        spacing: 24,
      },
      `Calibration of ${title} at ${horizons}: predicted against observed share of ${event}`,
    ),
    csv: [
      csvLine([
        'method',
        'horizon_days',
        'group',
        'patients',
        'events',
        'predicted',
        'observed',
        'lower95',
        'upper95',
        'undefined_because',
      ]),
      ...calibrations.flatMap(({ horizon, groups }) =>
        groups.map(({ patients, events, predicted, observed, ci95 }, g) =>
          csvLine([
            method,
            horizon,
            g + 1,
            patients,
            events,
            predicted,
            observed.value,
            ci95?.[0] ?? null,
            ci95?.[1] ?? null,
            observed.reason,
          ]),
        ),
      ),
    ].join(''),
  };
}

function panel({ horizon, groups, observedToExpected }: HorizonCalibration): PanelSpec {
  const share = (field: string, title: string) => ({
    field,
    type: 'quantitative' as const,
    scale: { domain: [0, 1] },
    axis: { title, values: [0, 0.2, 0.4, 0.6, 0.8, 1], format: '.1f' },
  });
  const x = share('predicted', 'Mean predicted share');
  const y = share('observed', 'Observed share');
  const values = groups.flatMap(pointOf);
  const unknown = groups.length - values.length;
  return {
    title: {
      text: yearsText(horizon),
      fontSize: 12,
      subtitle: [
        `observed / predicted ${threeDigits(observedToExpected.value)}`,
        ...(unknown === 0 ? [] : [`${counted(unknown, 'group')} without follow-up to this time`]),
      ],
    },
    width: 200,
    height: 200,
    layer: [
      {
        data: { values: [0, 1].map((both) => ({ predicted: both, observed: both })) },
        mark: { type: 'line', color: 'currentColor', strokeWidth: 1, strokeDash: [4, 4], opacity: 0.6 },
        encoding: { x, y },
      },
      {
        data: { values },
        mark: { type: 'rule', color: chartColours.folds, strokeWidth: 1.2 },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' } },
      },
      {
        data: { values },
        mark: { type: 'line', color: chartColours.folds, strokeWidth: 1.5 },
        encoding: { x, y },
      },
      {
        data: { values },
        mark: { type: 'point', filled: true, opacity: 1, size: 48, color: chartColours.folds },
        encoding: { x, y },
      },
    ],
  };
}

const pointOf = ({ predicted, observed, ci95 }: HorizonCalibrationGroup) =>
  observed.value === null || ci95 === null
    ? []
    : [{ predicted, observed: observed.value, low: ci95[0], high: ci95[1] }];
