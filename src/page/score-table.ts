import { el, fill, row, setAttribute, setCells, setText } from './dom.js';
import { share } from './text.js';
import type { ScoreTable } from './wire.js';

/**
 * Test scores by method and fold. A cell is filled when its fold ends. The last columns show mean, standard
 * deviation and number of the folds so far.
 */
export function scoreTable(): { element: HTMLTableElement; update: (scores: ScoreTable) => void } {
  const caption = el('caption');
  const [head, body] = [el('tr'), el('tbody')];
  const element = el('table', { class: 'scores' }, caption, el('thead', {}, head), body);
  return {
    element,
    update: ({ title, folds, rows }) => {
      setText(
        caption,
        `${title} of each fold; sd is the population standard deviation over the folds so far`,
      );
      const heads = [
        'Method',
        ...Array.from({ length: folds }, (_, fold) => `Fold ${fold}`),
        'Mean',
        'sd',
        'n',
      ];
      fill(
        head,
        heads,
        (name) => name,
        (name) => el('th', { scope: 'col' }, name),
        () => undefined,
      );
      fill(
        body,
        rows,
        ({ method }) => `${method}/${folds}`,
        () => row(heads.length),
        (line, { method, folds: cells, mean, sd, n }) => {
          setAttribute(line, 'data-method', method);
          const texts = cells.map((cell) => (cell === null ? '·' : cell === 'n/a' ? cell : share(cell)));
          setCells(line, [
            method,
            ...texts,
            mean === null ? '' : share(mean),
            sd === null ? '' : share(sd),
            String(n),
          ]);
        },
      );
    },
  };
}
