import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HafError } from '../pipeline/core/errors.js';
import { addonFile, libraryFolder, napiVersion, packageFolder } from '../backends/binding-folder.js';
import { headersFolder, librariesIn } from './library.js';
import { isMissing, lastLines, ProgramFailed, runProgram } from './run-program.js';

/**
 * Compiles the addon of TensorFlow.js against the TensorFlow library in a backend's folder. The two source files of the
 * addon need only the headers of Node-API. They need no node-gyp, and so no Python, no make and no V8 headers.
 *
 * @throws HafError HAF_BACKEND_NOT_BUILT with the compiler's output
 */
export async function compileAddon(folder: string, nodeHeaders: string): Promise<void> {
  const compiler = process.env['CXX'] ?? 'c++';
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) =>
    join(packageFolder(folder), 'binding', name),
  );
  const libraries = (await librariesIn(folder)).map((name) => `-l:${name}`);
  await mkdir(dirname(addonFile(folder)), { recursive: true });
  const args = [
    ...[
      '-O2',
      '-std=c++17',
      '-fPIC',
      '-shared',
      `-DNAPI_VERSION=${napiVersion}`,
      '-DBUILDING_NODE_EXTENSION',
    ],
    ...[nodeHeaders, headersFolder(folder)].map((include) => `-I${include}`),
    ...sources,
    `-L${libraryFolder(folder)}`,
    ...libraries,
    // The addon looks for the library under a path relative to its own file. So the folder of both can be moved.
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
    ...['-o', addonFile(folder)],
  ];
  try {
    await runProgram(compiler, args);
  } catch (error) {
    if (isMissing(error))
      throw new HafError(
        'HAF_BACKEND_NOT_BUILT',
        `There is no C++ compiler: ${compiler} cannot be started.`,
        'Install one (Debian and Ubuntu: apt install g++; Fedora: dnf install gcc-c++), or name it with CXX.',
        { cause: error },
      );
    const said = error instanceof ProgramFailed ? errorLines(error.output) : String(error);
    throw new HafError(
      'HAF_BACKEND_NOT_BUILT',
      `The addon does not compile:\n${said}`,
      'A compiler with C++17 is needed (GCC 9, Clang 10); or choose another version with --tensorflow.',
      { cause: error },
    );
  }
}

/** The first errors of a compiler or linker. Later errors are usually consequences of the first ones. */
function errorLines(output: string): string {
  const complaints = output.split('\n').filter((line) => /error|undefined reference|cannot find/i.test(line));
  return complaints.length > 0 ? complaints.slice(0, 5).join('\n') : lastLines(output, 5);
}
