"""Planning: whom to contact through which channel when money and contacts are short, and what the last of each earned."""

from tiercast.planning.allocate import Plan as Plan
from tiercast.planning.allocate import allocate as allocate
from tiercast.planning.asked import Asked as Asked
from tiercast.planning.limits import BadLimits as BadLimits
from tiercast.planning.limits import Limits as Limits
from tiercast.planning.measured import BadUplift as BadUplift
from tiercast.planning.planned import plan as plan
