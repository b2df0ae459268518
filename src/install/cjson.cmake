# cJSON as the target `cjson`, however it is installed: for the build, and for programs that link a static vramfit.
# Debian's package has a target of that name, without a namespace; others come with pkg-config alone.
if(NOT TARGET cjson)
  find_package(cJSON CONFIG QUIET)
  if(TARGET cjson)
    set_target_properties(cjson PROPERTIES IMPORTED_GLOBAL TRUE) # a project above links it, too
  else()
    find_package(PkgConfig QUIET)
    if(PkgConfig_FOUND)
      pkg_check_modules(vramfit_cjson QUIET IMPORTED_TARGET GLOBAL libcjson)
    endif()
    if(TARGET PkgConfig::vramfit_cjson)
      add_library(cjson INTERFACE IMPORTED GLOBAL)
      target_link_libraries(cjson INTERFACE PkgConfig::vramfit_cjson)
    endif()
  endif()
endif()
