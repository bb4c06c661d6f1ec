"""DynSync kit: forecasts what HubSpot Data Sync with Microsoft Dynamics 365 will do, record by record."""

__version__ = "0.1.0"
