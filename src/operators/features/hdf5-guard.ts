import { Module } from 'h5wasm/node';

/** The part of Emscripten's file system through which the HDF5 library accesses files. */
interface LibraryFiles {
  open: (path: string, flags: number | string, mode?: number) => unknown;
  read: (stream: Stream, ...where: unknown[]) => number;
  write: (stream: Stream, bytes: Int8Array, offset: number, length: number, ...where: unknown[]) => number;
  ErrnoError: new (errno: number) => Error;
}
interface Stream {
  readonly fd?: number;
}

/** Emscripten's number for ENOENT. */
const noSuchFile = 44;
const standardError = 2;
/**
 * Maximum length of the diagnostics that are kept. For a damaged file the library may write diagnostics without end.
 */
const longestText = 65_536;

/**
 * Restricts the HDF5 library of this thread to one file. Links, external storage and virtual datasets make the library
 * read other files. Their forms differ between versions of the format, but all of them open a file, so opening any
 * other file is refused. The guard also keeps the library's diagnostics off the terminal.
 */
export class Hdf5Guard {
  private allowed: string | null = null;
  private text = '';
  private otherFiles: string[] = [];
  private count = 0;

  private constructor(files: LibraryFiles) {
    const { open, read, write } = files;
    const plugins = Module.get_plugin_search_paths();
    files.open = (path, flags, mode) => {
      if (this.allowed !== null && path !== this.allowed) {
        // The library always searches its folders of plugins. The guard refuses this, too, but does not record it,
        // because the file does not cause it.
        if (!plugins.includes(path)) this.otherFiles.push(path);
        throw new files.ErrnoError(noSuchFile);
      }
      return open(path, flags, mode);
    };
    files.read = (stream, ...where) => {
      this.count++;
      return read(stream, ...where);
    };
    files.write = (stream, bytes, offset, length, ...where) => {
      if (this.allowed === null || (stream.fd ?? 0) > standardError)
        return write(stream, bytes, offset, length, ...where);
      if (this.text.length < longestText)
        this.text += Buffer.from(bytes.subarray(offset, offset + length)).toString('latin1');
      return length;
    };
  }

  private static installed: Hdf5Guard | null = null;

  /** The guard of this thread. The library must be ready. */
  static get(): Hdf5Guard {
    return (Hdf5Guard.installed ??= new Hdf5Guard(Module.FS as unknown as LibraryFiles));
  }

  /**
   * Allows the library to open only this file, until `end`.
   * @param path absolute
   */
  begin(path: string): void {
    [this.allowed, this.text, this.otherFiles] = [path, '', []];
  }

  end(): void {
    this.allowed = null;
  }

  /** The other files that the library tried to open since `begin`. */
  get refused(): readonly string[] {
    return this.otherFiles;
  }

  /** How often the library has read from any file since the guard was installed. */
  get reads(): number {
    return this.count;
  }

  /** The innermost reason in the diagnostics that the library wrote since `begin`. Null if it wrote none. */
  get reason(): string | null {
    const [first = ''] = this.text.split(/^HDF5-DIAG: /m).slice(1);
    return [...first.matchAll(/^\s*#\d+: .*?\(\): (.*)$/gm)].at(-1)?.[1]?.slice(0, 200) ?? null;
  }
}
