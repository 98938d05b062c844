import { chartColours } from './chart.js';

/**
 * Ten colours that differ in hue and lightness (Tableau 10; orange is last, because the reference method has a similar colour).
 * Dashes distinguish the second and third ten.
 */
const hues = [
  '#4e79a7',
  '#59a14f',
  '#e15759',
  '#76b7b2',
  '#b07aa1',
  '#9c755f',
  '#edc948',
  '#ff9da7',
  '#8c8c8c',
  '#f28e2b',
];
const dashes = [
  [1, 0],
  [6, 3],
  [2, 2],
];

/** How the lines of methods are distinguished in one chart. `domain` lists the titles. All lists have its order. */
export interface MethodLineStyles {
  readonly domain: readonly string[];
  readonly colours: readonly string[];
  readonly dashes: readonly (readonly number[])[];
}

/** @param bold title of the emphasised method; undefined if the chart does not show this method */
export function methodLineStyles(titles: readonly string[], bold: string | undefined): MethodLineStyles {
  const others = titles.filter((title) => title !== bold);
  const first = bold === undefined ? [] : [bold];
  return {
    domain: [...first, ...others],
    colours: [
      ...first.map(() => chartColours.emphasis),
      ...others.map((_, i) => hues[i % hues.length] as string),
    ],
    dashes: [
      ...first.map(() => [1, 0]),
      ...others.map((_, i) => dashes[Math.floor(i / hues.length) % dashes.length] as number[]),
    ],
  };
}
