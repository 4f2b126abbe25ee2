using System.Runtime.CompilerServices;

namespace FastStream.Tests.House;

/// <summary>The repository as files, for rules about it.</summary>
internal static class Tree
{
    /// <summary>The repository's root: two folders above this file.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", ".."));

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

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
