import * as answer from './answers.js';
import type { Guideline } from './checklist.js';
import { tripodAiMethods } from './tripod-ai-methods.js';

/**
 * TRIPOD+AI: 27 items, 52 with their parts.
 *
 * Source: Collins GS et al., BMJ 2024;385:e078378, doi:10.1136/bmj-2023-078378 (CC BY 4.0). The items are shortened
 */
export const tripodAi: Guideline = {
  title: 'TRIPOD+AI checklist',
  file: 'tripod-ai',
  source: 'Collins et al., BMJ 2024;385:e078378',
  items: [
    ...tripodAiMethods,
    { number: '18a', section: 'Open science', asks: 'funding and the role of funders', gap: 'funding' },
    { number: '18b', section: 'Open science', asks: 'conflicts of interest', gap: 'conflicts of interest' },
    {
      number: '18c',
      section: 'Open science',
      asks: 'where the protocol is',
      gap: 'protocol, or that there is none',
    },
    {
      number: '18d',
      section: 'Open science',
      asks: 'registration',
      gap: 'register and number, or that there is none',
    },
    {
      number: '18e',
      section: 'Open science',
      asks: 'availability of the data',
      gap: 'availability of the data',
    },
    {
      ...{ number: '18f', section: 'Open science', asks: 'availability of the code' },
      ...{ known: answer.softwareAnswer, gap: 'where this version of the code is available' },
    },
    {
      ...{
        number: '19',
        section: 'Patient and public involvement',
        asks: 'involvement, or that there was none',
      },
      gap: 'involvement',
    },
    {
      ...{
        number: '20a',
        section: 'Results: participants',
        asks: 'flow, patients with and without the outcome, follow-up',
      },
      known: (record) => [...answer.flowAnswer(record), ...answer.numbersAnswer(record)],
      gap: 'a summary of the time of follow-up',
    },
    {
      ...{
        number: '20b',
        section: 'Results: participants',
        asks: 'characteristics, predictors, events, missing data',
      },
      known: (record) => [
        'characteristics.csv describes the columns by outcome; report.html has the table.',
        ...answer.missingAnswer(record),
      ],
      gap: 'dates, treatments, differences between demographic groups',
    },
    {
      ...{
        number: '20c',
        section: 'Results: participants',
        asks: 'comparison of evaluation and development data',
      },
      gap: 'the comparison if other data were used',
    },
    {
      ...{
        number: '21',
        section: 'Results: model development',
        asks: 'patients and events in each analysis',
      },
      known: (record) => [...answer.numbersAnswer(record), ...answer.partitionAnswer(record)],
      gap: 'events in each set if the journal asks for them (folds/*/*/metrics.json)',
    },
    {
      ...{
        number: '22',
        section: 'Results: model specification',
        asks: 'the full model, restrictions of use',
      },
      known: ({ info }) => [
        `"haf-pipeline bundle ${info.run} --method METHOD" writes the model as one file.`,
      ],
      gap: 'where the model is available, and under which licence',
    },
    {
      ...{
        number: '23a',
        section: 'Results: model performance',
        asks: 'performance with intervals, also of subgroups',
      },
      known: (record) => [
        ...answer.performanceAnswer(record),
        ...answer.calibrationAnswer(record),
        ...answer.comparisonAnswer(record),
        ...answer.subgroupAnswer(record),
      ],
    },
    {
      ...{
        number: '23b',
        section: 'Results: model performance',
        asks: 'heterogeneity of performance across clusters',
      },
      ...{ known: answer.groupAnswer, gap: 'differences between clusters, if examined' },
    },
    {
      ...{ number: '24', section: 'Results: model updating', asks: 'results of model updating' },
      gap: 'results of updating on other data, or that there was none',
    },
    {
      ...{ number: '25', section: 'Discussion', asks: 'interpretation, with fairness and previous studies' },
      gap: 'interpretation',
    },
    { number: '26', section: 'Discussion', asks: 'limitations and their effects', gap: 'limitations' },
    {
      ...{ number: '27a', section: 'Discussion', asks: 'handling of poor or missing input in use' },
      known: () => [
        'Patients may lack modalities; "predict" flags values out of the training range and unknown categories.',
      ],
      gap: 'handling in the intended setting',
    },
    {
      ...{ number: '27b', section: 'Discussion', asks: 'interaction and expertise of users' },
      gap: 'users and their expertise',
    },
    {
      ...{ number: '27c', section: 'Discussion', asks: 'next steps, applicability and generalisability' },
      gap: 'next steps',
    },
  ],
};
