import { describe, expect, it } from 'vitest';
import { noDataIn } from '../../src/pipeline/core/no-data.js';
import { embedFile, scratchFile } from '../support/embed-file.js';

const pointer =
  'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n';

const instead: readonly (readonly [string | Uint8Array, RegExp])[] = [
  [pointer, /Git LFS pointer/],
  [pointer.replaceAll('\n', '\r\n'), /Git LFS pointer/],
  ['/annex/objects/SHA256E-s1--00.h5\n', /git-annex pointer/],
  ['', /empty/],
  ['<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>', /web page/],
  ['\uFEFF \n<HTML lang="de">', /web page/],
  ['<?xml version="1.0"?><!DOCTYPE html PUBLIC "x">', /web page/],
  ['<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>', /error message/],
  ['{"message": "Not Found", "status": 404}', /error message/],
  [new Uint8Array(4096), /zeros/],
  [new Uint8Array([0x1f, 0x8b, 8, 0, 0]), /gzip/],
];

describe('what lies under the name of data', () => {
  it.each(instead)('%j is named', (content, what) => {
    expect(noDataIn(Buffer.from(content as Uint8Array))?.what).toMatch(what);
  });

  it('is nothing of the kind where it is data', () => {
    const data: readonly (string | Uint8Array)[] = [
      'patient_id,age\n1,50\n',
      '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"/>',
      new Uint8Array([0x89, 0x48, 0x44, 0x46]),
      new Uint8Array([...new Uint8Array(100), 1]),
    ];
    for (const content of data) expect(noDataIn(Buffer.from(content as Uint8Array))).toBeNull();
  });

  // The reason is that the content is not data. It must be the same for each file ending.
  it.each(['.h5', '.pt', '.npy', '.npz', '.safetensors'])(
    'is the reason of a file ending in %s',
    async (ending) => {
      for (const [content, what] of instead) {
        const path = scratchFile(`PrimaryTumor_HE_001${ending}`, Buffer.from(content as Uint8Array));
        const { problems, index } = await embedFile('WSI', path, 8);
        expect(index.bags).toEqual([]);
        expect(problems).toMatchObject([{ severity: 'failure', patient: '001' }]);
        expect(problems[0]?.reason).toMatch(what);
      }
    },
  );
});
