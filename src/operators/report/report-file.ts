/** The page of a report, in its artifact and in the run directory. */
export const reportFile = 'report.html';
