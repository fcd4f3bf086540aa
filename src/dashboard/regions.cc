#include "dashboard/regions.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace aybiza::dashboard {
namespace {

struct Named {
  std::string_view name;
  Place place;
};

constexpr Named table[] = {
    // Amazon.
    {"us-east-1", {-78, 38}}, {"us-east-2", {-83, 40}}, {"us-west-1", {-122, 37}}, {"us-west-2", {-120, 46}},
    {"ca-central-1", {-74, 45}}, {"ca-west-1", {-114, 51}}, {"mx-central-1", {-100, 21}}, {"sa-east-1", {-47, -24}},
    {"eu-west-1", {-6, 53}}, {"eu-west-2", {0, 51}}, {"eu-west-3", {2, 49}}, {"eu-central-1", {9, 50}},
    {"eu-central-2", {9, 47}}, {"eu-north-1", {18, 59}}, {"eu-south-1", {9, 45}}, {"eu-south-2", {-1, 42}},
    {"il-central-1", {35, 32}}, {"me-south-1", {51, 26}}, {"me-central-1", {55, 25}}, {"af-south-1", {18, -34}},
    {"ap-south-1", {73, 19}}, {"ap-south-2", {78, 17}}, {"ap-southeast-1", {104, 1}}, {"ap-southeast-2", {151, -34}},
    {"ap-southeast-3", {107, -6}}, {"ap-southeast-4", {145, -38}}, {"ap-southeast-5", {102, 3}}, {"ap-southeast-7", {101, 14}},
    {"ap-northeast-1", {140, 36}}, {"ap-northeast-2", {127, 37}}, {"ap-northeast-3", {135, 35}}, {"ap-east-1", {114, 22}},
    {"cn-north-1", {116, 40}}, {"cn-northwest-1", {106, 38}},
    // Google.
    {"us-central1", {-96, 41}}, {"us-east1", {-80, 33}}, {"us-east4", {-78, 39}}, {"us-east5", {-83, 40}}, {"us-south1", {-97, 33}},
    {"us-west1", {-121, 46}}, {"us-west2", {-118, 34}}, {"us-west3", {-112, 41}}, {"us-west4", {-115, 36}},
    {"northamerica-northeast1", {-74, 46}}, {"northamerica-northeast2", {-79, 44}}, {"southamerica-east1", {-47, -23}},
    {"southamerica-west1", {-71, -33}}, {"europe-west1", {4, 50}}, {"europe-west2", {0, 52}}, {"europe-west3", {9, 50}},
    {"europe-west4", {7, 53}}, {"europe-west6", {8, 47}}, {"europe-west8", {9, 46}}, {"europe-west9", {2, 49}},
    {"europe-west10", {13, 53}}, {"europe-west12", {8, 45}}, {"europe-north1", {27, 61}}, {"europe-central2", {21, 52}},
    {"europe-southwest1", {-4, 40}}, {"asia-east1", {121, 24}}, {"asia-east2", {114, 22}}, {"asia-northeast1", {140, 36}},
    {"asia-northeast2", {135, 35}}, {"asia-northeast3", {127, 38}}, {"asia-south1", {73, 19}}, {"asia-south2", {77, 29}},
    {"asia-southeast1", {104, 1}}, {"asia-southeast2", {107, -6}}, {"australia-southeast1", {151, -34}},
    {"australia-southeast2", {145, -38}}, {"me-west1", {35, 32}}, {"me-central1", {51, 25}}, {"africa-south1", {28, -26}},
    // Microsoft.
    {"eastus", {-79, 37}}, {"eastus2", {-78, 37}}, {"centralus", {-94, 42}}, {"northcentralus", {-88, 42}}, {"southcentralus", {-98, 29}},
    {"westus", {-122, 38}}, {"westus2", {-120, 47}}, {"westus3", {-112, 33}}, {"canadacentral", {-79, 44}}, {"canadaeast", {-71, 47}},
    {"brazilsouth", {-47, -24}}, {"northeurope", {-6, 53}}, {"westeurope", {5, 52}}, {"uksouth", {-1, 51}}, {"ukwest", {-3, 51}},
    {"francecentral", {2, 47}}, {"germanywestcentral", {9, 50}}, {"switzerlandnorth", {9, 47}}, {"norwayeast", {11, 60}},
    {"swedencentral", {17, 61}}, {"polandcentral", {21, 52}}, {"italynorth", {9, 45}}, {"spaincentral", {-4, 40}},
    {"uaenorth", {55, 25}}, {"qatarcentral", {51, 25}}, {"israelcentral", {35, 32}}, {"southafricanorth", {28, -26}},
    {"centralindia", {74, 19}}, {"southindia", {80, 13}}, {"southeastasia", {104, 1}}, {"eastasia", {114, 22}},
    {"japaneast", {140, 36}}, {"japanwest", {135, 35}}, {"koreacentral", {127, 38}}, {"australiaeast", {151, -34}},
    {"australiasoutheast", {145, -38}},
    // What people call them.
    {"us-east", {-78, 39}}, {"us-west", {-121, 40}}, {"us-central", {-95, 41}}, {"us-south", {-97, 32}}, {"us-north", {-93, 45}},
    {"us", {-98, 39}}, {"usa", {-98, 39}}, {"united-states", {-98, 39}}, {"na", {-98, 42}}, {"north-america", {-98, 42}},
    {"ca", {-96, 57}}, {"canada", {-96, 57}}, {"mx", {-102, 24}}, {"mexico", {-102, 24}}, {"latam", {-60, -10}},
    {"sa", {-58, -15}}, {"south-america", {-58, -15}}, {"br", {-52, -11}}, {"brazil", {-52, -11}}, {"ar", {-64, -34}},
    {"eu", {10, 50}}, {"europe", {10, 50}}, {"emea", {15, 45}}, {"eu-west", {-4, 51}}, {"eu-central", {10, 50}}, {"eu-north", {18, 60}},
    {"eu-south", {12, 42}}, {"eu-east", {24, 49}}, {"uk", {-1, 52}}, {"gb", {-1, 52}}, {"ie", {-8, 53}}, {"fr", {2, 47}},
    {"de", {10, 51}}, {"germany", {10, 51}}, {"nl", {5, 52}}, {"es", {-4, 40}}, {"it", {12, 43}}, {"pl", {19, 52}}, {"se", {15, 62}},
    {"af", {20, 2}}, {"africa", {20, 2}}, {"za", {25, -29}}, {"me", {47, 25}}, {"middle-east", {47, 25}}, {"ae", {54, 24}},
    {"ap", {110, 15}}, {"apac", {110, 15}}, {"asia", {100, 35}}, {"ap-south", {78, 20}}, {"ap-southeast", {104, 2}},
    {"ap-northeast", {138, 36}}, {"ap-east", {114, 22}}, {"in", {79, 22}}, {"india", {79, 22}}, {"sg", {104, 1}}, {"singapore", {104, 1}},
    {"jp", {138, 36}}, {"japan", {138, 36}}, {"kr", {127, 37}}, {"cn", {104, 35}}, {"china", {104, 35}}, {"hk", {114, 22}},
    {"au", {134, -25}}, {"australia", {134, -25}}, {"oceania", {145, -30}}, {"nz", {172, -41}},
};

std::optional<Place> exactly(std::string_view name) {
  const auto at = std::ranges::find(table, name, &Named::name);
  return at == std::end(table) ? std::nullopt : std::optional(at->place);
}

}  // namespace

std::optional<Place> place_of(std::string_view region) {
  std::string name(region);
  for (char& c : name) c = c == '_' || c == ' ' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::string_view rest = name;
  if (rest.size() > 1 && std::isdigit(static_cast<unsigned char>(rest[rest.size() - 2])) && std::isalpha(static_cast<unsigned char>(rest.back())))
    if (const auto zone = exactly(rest.substr(0, rest.size() - 1))) return zone;  // "eu-west-1a"
  while (!rest.empty()) {
    if (const auto place = exactly(rest)) return place;
    const std::size_t cut = rest.find_last_of("-.");
    if (cut == rest.npos) return std::nullopt;
    rest = rest.substr(0, cut);
  }
  return std::nullopt;
}

}  // namespace aybiza::dashboard
