namespace FastStream.Tests.House;

/// <summary>The repository as files, for rules about it.</summary>
internal static class Tree
{
    /// <summary>
    /// The repository's root: the folder above the built tests that holds the solution. (Paths of source files are not
    /// real ones in builds of CI.)
    /// </summary>
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    /// <summary>All files of an extension below some folders, without build output.</summary>
    public static IEnumerable<string> Files(string extension, params string[] folders) =>
        from folder in folders
        let path = Path.Combine(Root, folder)
        where Directory.Exists(path)
        from file in Directory.EnumerateFiles(path, "*" + extension, SearchOption.AllDirectories)
        let relative = Path.GetRelativePath(Root, file).Replace('\\', '/')
        where !relative.Split('/').Any(part => part is "bin" or "obj" or "BenchmarkDotNet.Artifacts")
        select relative;

    public static string Read(string relative) => File.ReadAllText(Path.Combine(Root, relative));

    private static string Find(DirectoryInfo? folder) =>
        folder is null
            ? throw new DirectoryNotFoundException(
                "FastStream.sln was not found above the tests; run them from a build inside the repository.")
        : File.Exists(Path.Combine(folder.FullName, "FastStream.sln")) ? folder.FullName
        : Find(folder.Parent);
}
