"""Staff and roles in the admin, for who may manage staff."""

from backoffice.accounts.admin.roles import RoleAdmin
from backoffice.accounts.admin.staff import StaffAdmin

__all__ = ["RoleAdmin", "StaffAdmin"]
