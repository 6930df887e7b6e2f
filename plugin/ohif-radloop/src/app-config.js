// Served as /ohif/app-config.js: a classic script that runs before the viewer's own. The viewer waits for all of its
// extensions at once and stays blank when one cannot be loaded, hence the spare parts here.
const plugin = import('/ohif/plugin/radloop.mjs').catch(error => {
  console.error('The radloop plugin cannot be loaded.', error);
  return { extension: { id: 'radloop' }, heart: null, chest: null };
});

window.config = {
  name: 'radloop',
  routerBasename: '/ohif',
  extensions: [plugin.then(loaded => loaded.extension)],
  modes: [plugin.then(loaded => loaded.heart), plugin.then(loaded => loaded.chest)],
  customizationService: {},
  showStudyList: true,
  maxNumberOfWebWorkers: 3,
  showWarningMessageForCrossOrigin: false,
  showCPUFallbackMessage: false,
  showLoadingIndicator: true,
  strictZSpacingForVolumeViewport: true,
  investigationalUseDialog: { option: 'never' }, // the panel says it, always
  maxNumRequests: { interaction: 100, thumbnail: 5, prefetch: 25 },
  defaultDataSourceName: 'radloop',
  dataSources: [
    {
      namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
      sourceName: 'radloop',
      configuration: {
        friendlyName: 'radloop',
        name: 'radloop',
        qidoRoot: '/dicom-web',
        wadoRoot: '/dicom-web',
        wadoUriRoot: '/dicom-web',
        qidoSupportsIncludeField: true,
        imageRendering: 'wadors',
        thumbnailRendering: 'wadors',
        enableStudyLazyLoad: true,
        supportsFuzzyMatching: false,
        supportsWildcard: true,
        supportsReject: false,
        dicomUploadEnabled: true,
        omitQuotationForMultipartRequest: true,
        bulkDataURI: { enabled: false },
      },
    },
  ],
};
