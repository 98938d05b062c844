/** A start tag. Prefixes of namespaces are left out. */
export interface XmlTag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Text between this tag and the next one. */
  readonly text: string;
}

const named: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" },
  // Entities of HTML, which some exporters write.
  ...{ micro: '\u00b5', mu: '\u03bc' },
};

const entity = /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{1,8}));/gi;

const unescaped = (text: string): string =>
  text.replace(entity, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return named[name.toLowerCase()] ?? whole;
    const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });

const withoutPrefix = (name: string): string => name.slice(name.indexOf(':') + 1);

// The expression is sticky, and each repetition ends at a character that cannot be part of it. So the time is linear
// in the length.
const attribute = /\s*([^\s=<>"'/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/y;

function attributesOf(tag: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  attribute.lastIndex = tag.search(/\s|$/);
  for (let found = attribute.exec(tag); found !== null; found = attribute.exec(tag)) {
    const [, name = '', double, single = ''] = found;
    attributes.set(withoutPrefix(name), unescaped(double ?? single));
  }
  return attributes;
}

/** The end of the tag that begins at `from`, or -1 if it does not end. A quoted value may contain a bracket. */
function endOfTag(xml: string, from: number): number {
  let quote = '';
  for (let at = from; at < xml.length; at++) {
    const char = xml[at] as string;
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if (char === '>') return at;
    else if (char === '"' || char === "'") quote = char;
  }
  return -1;
}

/** Parts of the text that contain no start tag, such as comments: how they begin and how they end. */
const skipped = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
  ['<!', '>'],
  ['</', '>'],
] as const;

/** The start tags of an XML text in their order. If the XML is damaged, the list ends early. */
export function* xmlTags(xml: string): Generator<XmlTag> {
  for (let at = xml.indexOf('<'); at >= 0;) {
    const skip = skipped.find(([begin]) => xml.startsWith(begin, at));
    const end = skip ? xml.indexOf(skip[1], at + skip[0].length) : endOfTag(xml, at);
    if (end < 0) return;
    const next = xml.indexOf('<', end);
    if (!skip) {
      const tag = xml.slice(at + 1, xml[end - 1] === '/' ? end - 1 : end);
      yield {
        name: withoutPrefix(/^[^\s]*/.exec(tag)?.[0] ?? ''),
        attributes: attributesOf(tag),
        text: unescaped(xml.slice(end + 1, next < 0 ? xml.length : next)),
      };
    }
    at = next;
  }
}
