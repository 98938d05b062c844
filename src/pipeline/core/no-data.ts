/** What a file holds in place of data, and what to do. */
export interface NoData {
  readonly what: string;
  readonly fix: string;
}

const lfsPointer = /^version https:\/\/(?:git-lfs\.github\.com|hawser\.github\.com)\/spec\//;
const annexPointer = /^\/annex\/objects\//;
const webPage = /^(?:<!--.*?-->\s*)?(?:<\?xml[^>]*\?>\s*)?<(?:!doctype html|html|head|body|script|meta)\b/is;
const serverError = /^(?:<\?xml[^>]*\?>\s*)?<error\b|^\{\s*"(?:error|errors|message|code|detail|status)"/i;
const gzip = [0x1f, 0x8b];
const again = 'Copy or download it again.';

/**
 * Recognises files that have the name of data but other content: an empty file, a pointer of Git LFS or git-annex, a
 * web page, the error of a server, an unfinished download, a file compressed as a whole. Null for any other file.
 *
 * @param head the first 512 bytes of the file or more; the whole file if it is shorter
 */
export function noDataIn(head: Uint8Array): NoData | null {
  if (head.length === 0) return { what: 'it is empty', fix: again };
  const text = Buffer.from(head.subarray(0, 512))
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (lfsPointer.test(text))
    return {
      what: 'it is a Git LFS pointer, not the file itself',
      fix: 'Run `git lfs pull` in its repository.',
    };
  if (annexPointer.test(text))
    return {
      what: 'it is a git-annex pointer, not the file itself',
      fix: 'Run `git annex get` in its repository.',
    };
  if (webPage.test(text))
    return {
      what: 'it is a web page (a login, or an error?)',
      fix: 'Log in where it comes from and download it again.',
    };
  if (serverError.test(text))
    return { what: 'it is the error message of a server', fix: 'Download it again and check the address.' };
  if (head.every((byte) => byte === 0))
    return { what: 'it begins with zeros only: a copy or download that was not finished', fix: again };
  if (gzip.every((byte, at) => head[at] === byte))
    return { what: 'it is compressed as a whole (gzip)', fix: 'Unpack it with `gunzip`.' };
  return null;
}
