import { csvLine } from '../../pipeline/core/csv.js';
import type { FlowStep, OutcomeWords } from '../cohort/cohort-data.js';
import type { Figure } from './figure.js';
import { html, type Html } from './html.js';

const box = { width: 250, height: 46, gap: 44 } as const;
const side = { left: 310, width: 210, height: 38 } as const;
const total = { width: side.left + side.width + 1, margin: 1 } as const;

/** The number of patients left after a rule, and the number it removed. */
interface Level {
  readonly step: FlowStep;
  readonly lost: number;
}

/** A flow diagram from the labelled patients to the cohort, with excluded patients at the side (method.md 1.3). */
export function flowDiagram(flow: readonly FlowStep[], outcome: OutcomeWords): Figure | null {
  const levels = levelsOf(flow);
  if (levels.length === 0) return null;
  const height = levels.length * (box.height + box.gap) - box.gap + 2 * total.margin;
  const svg = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 ${total.width} ${height}"
    width="${total.width}"
    height="${height}"
    role="img"
    aria-label="${levels.map(({ step }) => `${step.step}: ${step.patients}`).join(', then ')}"
    font-family="system-ui, sans-serif"
    font-size="13"
    fill="currentColor"
  >
    ${levels.map((level, i) => levelOf(level, i, outcome))}
  </svg>`;
  return {
    name: 'cohort-flow',
    svg: svg.markup,
    csv: [
      csvLine(['step', 'patients', outcome.positive, 'left_out']),
      ...levels.map(({ step, lost }) => csvLine([step.step, step.patients, step.positive, lost])),
    ].join(''),
  };
}

/** Rules that excluded no patient are not drawn. The first and the last step are always drawn. */
function levelsOf(flow: readonly FlowStep[]): readonly Level[] {
  const levels = flow.map((step, i) => ({
    step,
    lost: i === 0 ? 0 : (flow[i - 1] as FlowStep).patients - step.patients,
  }));
  return levels.filter(({ lost }, i) => i === 0 || lost > 0 || i === levels.length - 1);
}

function levelOf({ step, lost }: Level, i: number, { positive, negative }: OutcomeWords): Html {
  const top = total.margin + i * (box.height + box.gap);
  const middle = total.margin + box.width / 2;
  return html`${i === 0 ? '' : arrow(middle, top - box.gap, middle, top)}
    ${lost === 0 ? '' : leftOut(step, lost, top - box.gap / 2)}
    ${frame(total.margin, top, box.width, box.height)}
    <text x="${middle}" y="${top + 19}" text-anchor="middle" font-weight="600"
      >${step.step}: ${step.patients}</text
    >
    <text x="${middle}" y="${top + 36}" text-anchor="middle" font-size="11.5">
      ${step.patients - step.positive} ${negative}, ${step.positive} ${positive}
    </text>`;
}

const leftOut = ({ step }: FlowStep, lost: number, y: number): Html =>
  html`${arrow(total.margin + box.width / 2, y, side.left, y)}
    ${frame(side.left, y - side.height / 2, side.width, side.height)}
    <text
      x="${side.left + side.width / 2}"
      y="${y - 3}"
      text-anchor="middle"
      font-weight="600"
      font-size="12"
    >
      ${lost} left out
    </text>
    <text x="${side.left + side.width / 2}" y="${y + 12}" text-anchor="middle" font-size="11.5"
      >${lacking(step)}</text
    >`;

/** The text for excluded patients: the step "with WSI" excludes those "without WSI". */
const lacking = (step: string): string =>
  step.startsWith('with ') ? `without ${step.slice(5)}` : `not: ${step}`;

const frame = (x: number, y: number, width: number, height: number): Html =>
  html`<rect
    x="${x}"
    y="${y}"
    width="${width}"
    height="${height}"
    rx="4"
    fill="none"
    stroke="currentColor"
    stroke-opacity="0.55"
  />`;

/** A line with an arrow head at its end, to the right or down. */
function arrow(x1: number, y1: number, x2: number, y2: number): Html {
  const head =
    y1 === y2 ? `${x2 - 7},${y2 - 4} ${x2 - 7},${y2 + 4}` : `${x2 - 4},${y2 - 7} ${x2 + 4},${y2 - 7}`;
  return html`<line
      x1="${x1}"
      y1="${y1}"
      x2="${x2}"
      y2="${y2}"
      stroke="currentColor"
      stroke-opacity="0.55"
    /><polygon points="${x2},${y2} ${head}" fill-opacity="0.7" />`;
}
