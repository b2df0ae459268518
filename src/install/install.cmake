# The library, its headers, the program, and how others find them: a CMake package and a pkg-config file.
include(CMakePackageConfigHelpers)
set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/vramfit)
configure_package_config_file(src/install/vramfitConfig.cmake.in vramfitConfig.cmake
  INSTALL_DESTINATION ${cmake_dir})
write_basic_package_version_file(vramfitConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(TARGETS vramfit EXPORT vramfitTargets)
install(DIRECTORY include/vramfit DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT vramfitTargets NAMESPACE vramfit:: DESTINATION ${cmake_dir})
install(FILES ${PROJECT_BINARY_DIR}/vramfitConfig.cmake
  ${PROJECT_BINARY_DIR}/vramfitConfigVersion.cmake DESTINATION ${cmake_dir})
install(FILES src/install/cjson.cmake RENAME vramfitCJSON.cmake DESTINATION ${cmake_dir})

# ---- The program finds a shared library beside it, wherever the two are put --------------------
if(VRAMFIT_PROGRAM)
  if(BUILD_SHARED_LIBS)
    file(RELATIVE_PATH to_library ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
    if(APPLE)
      set_target_properties(vramfit_cli PROPERTIES INSTALL_RPATH "@loader_path/${to_library}")
    else()
      set_target_properties(vramfit_cli PROPERTIES INSTALL_RPATH "$ORIGIN/${to_library}")
    endif()
  endif()
  install(TARGETS vramfit_cli)

  # The man page and completions come out of the program that was built; one for another system cannot run here.
  if(NOT CMAKE_CROSSCOMPILING)
    foreach(kind man bash zsh fish)
      add_custom_command(TARGET vramfit_cli POST_BUILD VERBATIM
        COMMAND $<TARGET_FILE:vramfit_cli> --generate ${kind} > ${PROJECT_BINARY_DIR}/vramfit.${kind})
    endforeach()
    install(FILES ${PROJECT_BINARY_DIR}/vramfit.man RENAME vramfit.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
    install(FILES ${PROJECT_BINARY_DIR}/vramfit.bash RENAME vramfit
      DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
    install(FILES ${PROJECT_BINARY_DIR}/vramfit.zsh RENAME _vramfit
      DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
    install(FILES ${PROJECT_BINARY_DIR}/vramfit.fish
      DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
  endif()
endif()

# ---- pkg-config: paths from where its file lies, unless they are absolute ----------------------
set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(pc_prefix ${CMAKE_INSTALL_PREFIX})
else()
  file(RELATIVE_PATH to_prefix ${CMAKE_INSTALL_PREFIX}/${pc_dir} ${CMAKE_INSTALL_PREFIX})
  string(REGEX REPLACE "/$" "" to_prefix "${to_prefix}")
  set(pc_prefix "\${pcfiledir}/${to_prefix}")
endif()
foreach(kind LIBDIR INCLUDEDIR)
  string(TOLOWER ${kind} name)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${kind}}")
    set(pc_${name} ${CMAKE_INSTALL_${kind}})
  else()
    set(pc_${name} "\${prefix}/${CMAKE_INSTALL_${kind}}")
  endif()
endforeach()
# A static library needs what it is made of, with --static and without.
list(TRANSFORM system_libraries PREPEND "-l" OUTPUT_VARIABLE pc_system)
if(VRAMFIT_WITH_YAML)
  list(PREPEND pc_system "-lyaml")
endif()
list(JOIN pc_system " " pc_system)
if(BUILD_SHARED_LIBS)
  set(pc_private ".private")
  set(pc_libs_private "${pc_system}")
else()
  set(pc_libs "${pc_system}")
endif()
configure_file(src/install/vramfit.pc.in vramfit.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/vramfit.pc DESTINATION ${pc_dir})
