import * as answer from './answers.js';
import type { Guideline } from './checklist.js';

/**
 * REMARK: 20 items.
 *
 * Source: McShane LM et al., J Natl Cancer Inst 2005;97:1180; Altman DG et al., PLoS Med 2012;9:e1001216. The texts of
 * the items are shortened.
 */
export const remark: Guideline = {
  title: 'REMARK checklist',
  file: 'remark',
  source: 'McShane et al. 2005 and Altman et al., PLoS Med 2012;9:e1001216',
  items: [
    {
      ...{ number: '1', section: 'Introduction', asks: 'marker, objectives, hypotheses' },
      known: (record) => [...answer.inventedAnswer(record), ...answer.methodAnswer(record).slice(0, 1)],
      gap: 'marker, objectives, hypotheses',
    },
    {
      ...{
        number: '2',
        section: 'Patients',
        asks: 'characteristics, source, inclusion and exclusion criteria',
      },
      ...{ known: answer.eligibilityAnswer, gap: 'source of the patients, criteria before the run' },
    },
    { number: '3', section: 'Patients', asks: 'treatments and how they were chosen', gap: 'treatments' },
    {
      ...{ number: '4', section: 'Specimens', asks: 'biological material, controls, preservation, storage' },
      gap: 'material, preservation, storage',
    },
    {
      ...{ number: '5', section: 'Assays', asks: 'assay, protocol, quality control, blinding' },
      known: answer.imageAnswer,
      gap: 'assays, staining and scanning, protocols, quality control, blinding',
    },
    {
      ...{
        number: '6',
        section: 'Study design',
        asks: 'selection of cases, period, end and median of follow-up',
      },
      gap: 'prospective or retrospective, period, end of follow-up, median follow-up',
    },
    {
      ...{ number: '7', section: 'Study design', asks: 'all clinical endpoints' },
      ...{ known: answer.outcomeAnswer, gap: 'clinical definition of the endpoint' },
    },
    {
      ...{ number: '8', section: 'Study design', asks: 'all candidate variables' },
      known: answer.predictorsAnswer,
    },
    {
      ...{ number: '9', section: 'Study design', asks: 'rationale of the sample size, power' },
      ...{ known: answer.numbersAnswer, gap: 'rationale of the size, power' },
    },
    {
      ...{
        number: '10',
        section: 'Statistics',
        asks: 'all methods, selection of variables, assumptions, missing data',
      },
      known: (record) => [
        ...answer.methodAnswer(record),
        ...answer.partitionAnswer(record),
        ...answer.measuresAnswer(record),
        ...answer.missingAnswer(record),
        ...answer.softwareAnswer(record),
      ],
      gap: 'how the assumptions of the models were verified',
    },
    {
      ...{ number: '11', section: 'Statistics', asks: 'handling of marker values, cutpoints' },
      known: (record) => [...answer.handlingAnswer(record), ...answer.thresholdAnswer(record)],
    },
    {
      ...{ number: '12', section: 'Data', asks: 'flow of patients, numbers and events, also of subgroups' },
      known: (record) => [...answer.flowAnswer(record), ...answer.numbersAnswer(record)],
    },
    {
      ...{
        number: '13',
        section: 'Data',
        asks: 'distributions of characteristics and markers, missing values',
      },
      known: (record) => [
        'characteristics.csv describes the columns by outcome; report.html has the table.',
        ...answer.missingAnswer(record),
      ],
    },
    {
      ...{
        number: '14',
        section: 'Analysis',
        asks: 'relation of the marker to standard prognostic variables',
      },
      gap: 'relation to standard variables',
    },
    {
      ...{
        number: '15',
        section: 'Analysis',
        asks: 'univariable relation of marker and outcome, survival curves',
      },
      ...{ known: answer.curveAnswer, gap: 'estimated effect of each variable' },
    },
    {
      ...{ number: '16', section: 'Analysis', asks: 'multivariable effects with intervals' },
      known: (record) => [...answer.performanceAnswer(record), ...answer.comparisonAnswer(record)],
      gap: 'effects (for example hazard ratios) with intervals: these rows report discrimination',
    },
    {
      ...{ number: '17', section: 'Analysis', asks: 'effects of the marker beside standard variables' },
      gap: 'effects with the standard variables in the model',
    },
    {
      ...{
        number: '18',
        section: 'Analysis',
        asks: 'further analyses: assumptions, sensitivity, internal validation',
      },
      known: (record) => [
        ...answer.partitionAnswer(record),
        ...answer.calibrationAnswer(record),
        ...answer.subgroupAnswer(record),
      ],
    },
    {
      number: '19',
      section: 'Discussion',
      asks: 'interpretation and limitations',
      gap: 'interpretation, limitations',
    },
    {
      ...{ number: '20', section: 'Discussion', asks: 'implications for research and clinical value' },
      gap: 'implications',
    },
  ],
};
