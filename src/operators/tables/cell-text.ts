const quote = 34;

/** The text of a cell in UTF-8 bytes: trimmed, without quotes, with doubled quotes made single. */
export function cellText(bytes: Buffer, start: number, end: number): string {
  if (start >= end) return '';
  const text = bytes.toString('utf8', start, end).trim();
  if (text.charCodeAt(0) !== quote) return text;
  return text
    .slice(1, text.endsWith('"') ? -1 : undefined)
    .replaceAll('""', '"')
    .trim();
}
