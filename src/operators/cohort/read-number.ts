const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A table cell: null when empty, NaN when it is not a plain decimal number ("NA", "1,5", "0x10", "inf"). */
export const readNumber = (cell: string): number | null => {
  if (cell === '') return null;
  const value = decimal.test(cell) ? Number(cell) : NaN;
  return Number.isFinite(value) ? value : NaN;
};
