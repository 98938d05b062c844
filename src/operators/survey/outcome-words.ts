/** Abbreviations of endpoints at the beginning of a status or time column, for a regular expression. */
export const endpoints = 'os|pfs|dfs|dss|rfs|efs|mfs|dmfs|lrfs|bcr|ttp|ttr|css|pfi|dfi';

/** Values of outcome columns that mean that the event happened, in the form of `wordOf`. */
const positive = new Set([
  ...['dead', 'deceased', 'died', 'death', 'exitus', 'dod', 'dead of disease'],
  ...['recurrence', 'recurred', 'relapse', 'relapsed', 'progression', 'progressed', 'progressive disease'],
  ...['recurred progressed', 'metastasis', 'metastasized', 'event', 'progressed recurred', 'with tumor'],
  ...['yes', 'y', 'true', 'positive', 'responder', '1'],
]);
/** Values of outcome columns that mean that the event did not happen, in the form of `wordOf`. */
const negative = new Set([
  ...['alive', 'living', 'censored', 'censor', 'lost to follow up', 'survived', 'survivor'],
  ...[
    'disease free',
    'diseasefree',
    'recurrence free',
    'progression free',
    'relapse free',
    'event free',
    'tumor free',
  ],
  ...[
    'no recurrence',
    'not recurred',
    'no relapse',
    'no progression',
    'no event',
    'not progressed',
    'no metastasis',
  ],
  ...['no', 'n', 'false', 'negative', 'none', 'non responder', 'nonresponder', '0'],
]);
/** Words that mean life or death, whatever the name of their column is. */
const unmistakable = /^(dead|deceased|died|exitus|alive|living)$/;

/**
 * A value in lower case, without a leading code, and with a space for each other sign: `1:DECEASED` of cBioPortal gives
 * "deceased", `disease-free` gives "disease free".
 */
function wordOf(value: string): string {
  const text = value.replace(/^\d+\s*[:=]\s*(?=\S)/, '').toLowerCase();
  return text
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .replace(/^(\d+) 0+$/, '$1');
}

/** Whether a value means that the event happened. Null for an unknown word. */
export function meaningOf(value: string): 'positive' | 'negative' | null {
  const word = wordOf(value);
  if (positive.has(word)) return 'positive';
  return negative.has(word) ? 'negative' : null;
}

export const tellsOfDeath = (value: string): boolean => unmistakable.test(wordOf(value));
