/** Short names of endpoints that a column of status or time begins with, for a regular expression. */
export const endpoints = 'os|pfs|dfs|dss|rfs|efs|mfs|dmfs|lrfs|bcr|ttp|ttr|css|pfi|dfi';

/** Words of an outcome column, without case, blanks and signs. */
const positive = new Set([
  ...['dead', 'deceased', 'died', 'death', 'exitus', 'dod', 'dead of disease'],
  ...['recurrence', 'recurred', 'relapse', 'relapsed', 'progression', 'progressed', 'progressive disease'],
  ...['recurred progressed', 'metastasis', 'metastasized', 'event', 'progressed recurred', 'with tumor'],
  ...['yes', 'y', 'true', 'positive', 'responder', '1'],
]);
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
/** Words that tell of life and death in any column, whatever the column is called. */
const unmistakable = /^(dead|deceased|died|exitus|alive|living)$/;

/** `1:DECEASED` of cBioPortal is "deceased"; `disease-free` is "disease free". */
function wordOf(value: string): string {
  const text = value.replace(/^\d+\s*[:=]\s*(?=\S)/, '').toLowerCase();
  return text
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .replace(/^(\d+) 0+$/, '$1');
}

/** Whether a value says that the event happened; null for a word that is not known. */
export function meaningOf(value: string): 'positive' | 'negative' | null {
  const word = wordOf(value);
  if (positive.has(word)) return 'positive';
  return negative.has(word) ? 'negative' : null;
}

export const tellsOfDeath = (value: string): boolean => unmistakable.test(wordOf(value));
