"""People in the admin: staff and roles for who may manage staff, and customers."""

from backoffice.accounts.admin.customers import CustomerAdmin
from backoffice.accounts.admin.roles import RoleAdmin
from backoffice.accounts.admin.staff import StaffAdmin

__all__ = ["CustomerAdmin", "RoleAdmin", "StaffAdmin"]
