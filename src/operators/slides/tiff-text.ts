const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Text of a tag up to its NUL: UTF-8, or Latin-1 if it is not valid UTF-8, because programs on Windows write the micro sign in Latin-1.
 */
export function tagText(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return '';
  const end = bytes.indexOf(0);
  const text = end < 0 ? bytes : bytes.subarray(0, end);
  try {
    return utf8.decode(text);
  } catch {
    return Buffer.from(text.buffer, text.byteOffset, text.length).toString('latin1');
  }
}
