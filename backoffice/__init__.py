"""The ground floor (errors, accounts, logs, settings, sheets, jobs) and the roof (site, urls, menus) of the shop."""
