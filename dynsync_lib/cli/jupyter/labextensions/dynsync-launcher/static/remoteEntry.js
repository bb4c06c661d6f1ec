// Cards for the kit's notebooks in JupyterLab's launcher, one a notebook of the folder that is open, under "DynSync"; and
// the report's name in the menu "Save and Export Notebook As", where JupyterLab would show the exporter's, Dynsync_report.
//
// JupyterLab loads an extension as a container of module federation: `init` is handed what JupyterLab shares, `get` gives
// the module. Both are so short here that nothing has to be built.
(() => {
  const CATEGORY = 'DynSync';
  const NUMBERED = /^(\d\d)_(.+)\.ipynb$/;
  const REPORT = 'report_stakeholder.ipynb';
  const REPORT_LABEL = 'DynSync report';
  const ARROWS =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#0b7db0" stroke-width="3" ' +
    'stroke-linecap="round" stroke-linejoin="round"><path d="M5 11h21l-5-5M27 21H6l5 5"/></svg>';
  let shared = {};

  const importShared = async name => {
    const versions = Object.values(shared[name] ?? {});
    if (versions.length === 0) {
      throw new Error(`JupyterLab shares no ${name}.`);
    }
    return (await versions[0].get())();
  };

  /** The card's label of a notebook's file name; null for other files. */
  const labelOf = name => {
    const [, number, words] = NUMBERED.exec(name) ?? [];
    if (number !== undefined) {
      const text = words.replaceAll('_', ' ');
      return `${number} ${text[0].toUpperCase()}${text.slice(1)}`;
    }
    return name === REPORT ? 'Report for stakeholders' : null;
  };

  const addCards = async (app, launcher, icon) => {
    const folder = await app.serviceManager.contents.get('', { content: true });
    folder.content
      .map(file => ({ path: file.path, label: labelOf(file.name) }))
      .filter(({ label }) => label !== null)
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .forEach(({ path, label }, rank) => {
        const command = `dynsync:open-${path}`;
        app.commands.addCommand(command, {
          label,
          icon,
          caption: `Open ${path}`,
          execute: () => app.commands.execute('docmanager:open', { path })
        });
        launcher.add({ command, category: CATEGORY, rank });
      });
  };

  /** The menu is filled when the first notebook is opened; from now on the report's item has a label of ours. */
  const nameReport = mainMenu => {
    const isExport = item => item.type === 'submenu' && item.submenu?.id === 'jp-mainmenu-file-notebookexport';
    const menu = mainMenu.fileMenu.items.find(isExport)?.submenu;
    if (menu === undefined) {
      return;
    }
    const addItem = menu.addItem.bind(menu);
    menu.addItem = item =>
      addItem(item.args?.format === 'dynsync_report' ? { ...item, args: { ...item.args, label: REPORT_LABEL } } : item);
  };

  const plugins = (launcherToken, menuToken, icon) => [
    {
      id: 'dynsync-launcher:cards',
      autoStart: true,
      requires: [launcherToken],
      activate: (app, launcher) => {
        app.restored
          .then(() => addCards(app, launcher, icon))
          .catch(error => console.warn('No cards for notebooks:', error));
      }
    },
    {
      id: 'dynsync-launcher:report-name',
      autoStart: true,
      requires: [menuToken],
      activate: (app, mainMenu) => nameReport(mainMenu)
    }
  ];

  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB['dynsync-launcher'] = {
    init: scope => {
      shared = scope;
    },
    get: async () => {
      const { ILauncher } = await importShared('@jupyterlab/launcher');
      const { IMainMenu } = await importShared('@jupyterlab/mainmenu');
      const { LabIcon } = await importShared('@jupyterlab/ui-components');
      const icon = new LabIcon({ name: 'dynsync:arrows', svgstr: ARROWS });
      return () => ({ __esModule: true, default: plugins(ILauncher, IMainMenu, icon) });
    }
  };
})();
